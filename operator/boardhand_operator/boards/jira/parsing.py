"""Markdown as a tree, for what is written in another markup."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# Tags are words here: neither of Jira's markups knows HTML.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def parsed(markdown: str) -> SyntaxTreeNode:
    """The tree of a text (CommonMark with tables and strikethrough)."""
    return SyntaxTreeNode(_PARSER.parse(markdown))


def language(node: SyntaxTreeNode) -> str:
    """Of a fenced block of code: its language, or nothing."""
    return node.info.split()[0] if node.info and node.info.split() else ""


def cells(table: SyntaxTreeNode) -> list[list[tuple[bool, list[SyntaxTreeNode]]]]:
    """Of a table its rows, with each cell whether it is a heading, and its text."""
    rows = [row for part in table.children for row in part.children]
    return [[(cell.type == "th", inline(cell)) for cell in row.children] for row in rows]


def inline(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    """The text of a paragraph, heading or cell, as nodes."""
    return [found for child in node.children if child.type == "inline" for found in child.children]


def attribute(node: SyntaxTreeNode, name: str) -> str:
    """An attribute of a node, such as a link's href; nothing where it has none."""
    return str(node.attrs.get(name, ""))

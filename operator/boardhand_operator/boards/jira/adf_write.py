"""Pure: Markdown as a document of Jira Cloud.

Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ : which node may hold which. What
the format has no place for, such as a heading within a list, becomes a paragraph; no text is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from boardhand_operator.boards.jira.fitting import parted
from boardhand_operator.boards.jira.parsing import attribute, cells, inline, language, parsed

Json = dict[str, Any]

_MARKS = {"strong": "strong", "em": "em", "s": "strike"}


def document(markdown: str) -> Json:
    """The text as a document; a mark of ours at its end is a paragraph of its own."""
    content = [block for part in parted(markdown) for block in _blocks(parsed(part).children, top=True)]
    return {"type": "doc", "version": 1, "content": content}


def _blocks(nodes: Iterable[SyntaxTreeNode], *, top: bool = False) -> list[Json]:
    """top: in the document itself, where every kind of block may be."""
    return [block for node in nodes for block in _block(node, top=top)]


def _block(node: SyntaxTreeNode, *, top: bool) -> list[Json]:
    match node.type:
        case "paragraph":
            return [_paragraph(inline(node))]
        case "heading":
            attributes = {"attrs": {"level": int(node.tag[1:])}}
            return [
                _paragraph(inline(node)) | {"type": "heading"} | attributes
                if top
                else _paragraph(inline(node), ["strong"])
            ]
        case "bullet_list":
            return [{"type": "bulletList", "content": [_item(item) for item in node.children]}]
        case "ordered_list":
            order = {"order": int(attribute(node, "start") or 1)}
            return [{"type": "orderedList", "attrs": order, "content": [_item(item) for item in node.children]}]
        case "fence" | "code_block":
            return [_code(node)]
        case "blockquote":
            inner = _blocks(node.children)
            return [{"type": "blockquote", "content": inner or [_paragraph([])]}] if top else inner
        case "hr":
            return [{"type": "rule"}] if top else []
        case "table":
            return [_table(node)] if top else [_row_as_text(row) for row in cells(node)]
        case _:
            return _blocks(node.children, top=top)


def _paragraph(nodes: Sequence[SyntaxTreeNode], marks: Sequence[str] = ()) -> Json:
    return {"type": "paragraph", "content": _texts(nodes, [{"type": mark} for mark in marks])}


def _item(node: SyntaxTreeNode) -> Json:
    content = _blocks(node.children)
    if not content or content[0]["type"] not in ("paragraph", "codeBlock"):
        content.insert(0, _paragraph([]))
    return {"type": "listItem", "content": content}


def _code(node: SyntaxTreeNode) -> Json:
    text = node.content.removesuffix("\n")
    attributes = {"attrs": {"language": language(node)}} if language(node) else {}
    return {"type": "codeBlock", **attributes, "content": [{"type": "text", "text": text}] if text else []}


def _table(node: SyntaxTreeNode) -> Json:
    rows = [
        {
            "type": "tableRow",
            "content": [
                {"type": "tableHeader" if heading else "tableCell", "content": [_paragraph(text)]}
                for heading, text in row
            ],
        }
        for row in cells(node)
    ]
    return {"type": "table", "content": rows}


def _row_as_text(row: Sequence[tuple[bool, list[SyntaxTreeNode]]]) -> Json:
    content: list[Json] = []
    for _, text in row:
        content += ([_text(" | ", [])] if content else []) + _texts(text, [])
    return {"type": "paragraph", "content": content}


def _texts(nodes: Iterable[SyntaxTreeNode], marks: list[Json]) -> list[Json]:
    """Text nodes with these marks; none is empty."""
    return [found for node in nodes for found in _inline(node, marks)]


def _inline(node: SyntaxTreeNode, marks: list[Json]) -> list[Json]:
    match node.type:
        case "text" | "html_inline":
            return [_text(node.content, marks)] if node.content else []
        case "softbreak" | "hardbreak":
            return [{"type": "hardBreak"}]
        case "code_inline":
            # Code goes with no other mark but a link.
            links = [mark for mark in marks if mark["type"] == "link"]
            return [_text(node.content, [*links, {"type": "code"}])] if node.content else []
        case "link" | "image":
            address = attribute(node, "href") or attribute(node, "src")
            others = [mark for mark in marks if mark["type"] != "link"]
            return _texts(node.children, [*others, {"type": "link", "attrs": {"href": address}}])
        case _:
            mark = _MARKS.get(node.type)
            known = {one["type"] for one in marks}
            return _texts(node.children, [*marks, {"type": mark}] if mark and mark not in known else marks)


def _text(text: str, marks: list[Json]) -> Json:
    return {"type": "text", "text": text} | ({"marks": marks} if marks else {})

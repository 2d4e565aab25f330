"""Pure: Markdown as the wiki markup of Jira Data Center.

Source: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all .
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markdown_it.tree import SyntaxTreeNode

from boardhand_operator.boards.jira.fitting import parted
from boardhand_operator.boards.jira.parsing import attribute, cells, inline, language, parsed

LANGUAGES = frozenset(
    {
        *("actionscript", "ada", "applescript", "bash", "c", "c#", "c++", "cpp", "css", "diff", "erlang", "go"),
        *("groovy", "haskell", "html", "java", "javascript", "js", "json", "lua", "none", "nyan", "objc", "perl"),
        *("php", "python", "r", "rainbow", "ruby", "scala", "sh", "sql", "swift", "visualbasic", "xml", "yaml"),
    }
)
"""Those that the macro {code} takes; it shows an error in place of the text for others."""
_WRAPS = {"strong": "*", "em": "_", "s": "-"}
_ALWAYS = re.compile(r"[\\{}\[\]]")
_OPENING = re.compile(r"(?<!\w)[*_\-+^~!](?=\S)")
_AT_START = re.compile(r"^([ \t]*)([*#\-|])(?=[\s*#\-|])", re.MULTILINE)


def wiki(markdown: str) -> str:
    """The text as wiki markup; a mark of ours at its end is a paragraph of its own."""
    return "\n\n".join(text for part in parted(markdown) if (text := _blocks(parsed(part).children)))


def escaped(text: str) -> str:
    """Text that means what it says in wiki markup."""
    text = _ALWAYS.sub(lambda found: "\\" + found[0], text)
    text = _OPENING.sub(lambda found: "\\" + found[0], text)
    return _AT_START.sub(r"\1\\\2", text)


def _blocks(nodes: Iterable[SyntaxTreeNode], prefix: str = "") -> str:
    return "\n\n".join(text for node in nodes if (text := _block(node, prefix)))


def _block(node: SyntaxTreeNode, prefix: str) -> str:
    """prefix: the signs of the lists around it."""
    match node.type:
        case "paragraph":
            return _line(inline(node))
        case "heading":
            return f"{node.tag}. {_line(inline(node))}"
        case "bullet_list":
            return "\n".join(_item(item, prefix + "*") for item in node.children)
        case "ordered_list":
            return "\n".join(_item(item, prefix + "#") for item in node.children)
        case "fence" | "code_block":
            return _code(node)
        case "blockquote":
            return f"{{quote}}\n{_blocks(node.children)}\n{{quote}}"
        case "hr":
            return "----"
        case "table":
            return "\n".join(_row(row) for row in cells(node))
        case _:
            return _blocks(node.children, prefix)


def _item(node: SyntaxTreeNode, prefix: str) -> str:
    """An empty line would end the list, so what the item holds stands close together."""
    lines = [_block(child, prefix) for child in node.children]
    if not node.children or node.children[0].type in ("bullet_list", "ordered_list"):
        return "\n".join([f"{prefix} ", *lines]).rstrip()
    return f"{prefix} " + "\n".join(lines)


def _code(node: SyntaxTreeNode) -> str:
    text, kind = node.content.removesuffix("\n"), language(node).lower()
    macro = "noformat" if "{code" in text else "code"
    text = text if macro == "code" else text.replace("{noformat", "{\u200bnoformat")
    option = f":{kind}" if macro == "code" and kind in LANGUAGES else ""
    return f"{{{macro}{option}}}\n{text}\n{{{macro}}}"


def _row(row: Sequence[tuple[bool, list[SyntaxTreeNode]]]) -> str:
    signs = ["||" if heading else "|" for heading, _ in row]
    texts = [_line(text).replace("|", "\\|").replace("\n", " ") or " " for _, text in row]
    return "".join(sign + text for sign, text in zip(signs, texts, strict=True)) + (signs[-1] if signs else "")


def _line(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(_inline(node) for node in nodes)


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "html_inline":
            return escaped(node.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return "{{" + escaped(node.content) + "}}"
        case "link" | "image":
            address = attribute(node, "href") or attribute(node, "src")
            text = _line(node.children)
            return f"[{text}|{address}]" if text else f"[{address}]"
        case _:
            sign = _WRAPS.get(node.type, "")
            return f"{sign}{_line(node.children)}{sign}"

"""Pure: a document of Jira Cloud as Markdown. Text stands as it is, without escapes; of what Markdown has no word for
the text remains.

Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ .
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

DEEPEST = 60
"""A document is read so deep; below, a sign says that there is more."""
_WRAPS = {"strong": "**", "em": "*", "strike": "~~"}


def markdown(document: Any) -> str:
    """The document's text; None, and a text in place of a document, are what they are."""
    if not isinstance(document, dict):
        return document if isinstance(document, str) else ""
    return _blocks(document, 0)


def _blocks(node: Json, depth: int) -> str:
    found = (_block(child, depth + 1) for child in _children(node))
    return "\n\n".join(text for text in found if text.strip())


def _block(node: Json, depth: int) -> str:
    if depth > DEEPEST:
        return "(…)"
    kind = str(node.get("type", ""))
    if kind in _BLOCKS:
        return _BLOCKS[kind](node, depth)
    if kind in _LEAVES:
        return _LEAVES[kind](node)
    inner = _children(node)
    if inner and all(child.get("type") in _INLINES or child.get("type") == "text" for child in inner):
        return _line(node, depth)
    return _blocks(node, depth) if inner else _inline(node, depth)


def _heading(node: Json, depth: int) -> str:
    return "#" * min(max(int(_attribute(node, "level") or 1), 1), 6) + " " + _line(node, depth)


def _code(node: Json) -> str:
    text = "".join(str(child.get("text", "")) for child in _children(node))
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{_attribute(node, 'language')}\n{text}\n{fence}"


def _quote(node: Json, depth: int) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _blocks(node, depth).split("\n"))


def _expand(node: Json, depth: int) -> str:
    title = _attribute(node, "title")
    return "\n\n".join(filter(None, [f"**{title}**" if title else "", _blocks(node, depth)]))


def _list(node: Json, depth: int) -> str:
    lines = []
    for number, item in enumerate(_children(node)):
        if str(item.get("type", "")).endswith("List"):
            # Tasks are nested beside each other, not within.
            lines.append(_indented("  ", _block(item, depth + 1)))
        else:
            lines.append(_indented(_sign(node, item, number), _item(item, depth + 1)))
    return "\n".join(lines)


def _sign(node: Json, item: Json, number: int) -> str:
    match node.get("type"):
        case "orderedList":
            return f"{int(_attribute(node, 'order') or 1) + number}. "
        case "taskList":
            return "- [x] " if _attribute(item, "state") == "DONE" else "- [ ] "
        case _:
            return "- "


def _item(node: Json, depth: int) -> str:
    """What an item holds: paragraphs and lists close together, as people write them."""
    if depth > DEEPEST:
        return "(…)"
    if node.get("type") != "listItem":
        return _line(node, depth)
    return "\n".join(text for child in _children(node) if (text := _block(child, depth + 1)).strip())


def _indented(first: str, text: str) -> str:
    head, *rest = text.split("\n")
    by = " " * (2 if first.startswith("- [") else len(first))
    return "\n".join([first + head, *(by + line if line else "" for line in rest)])


def _table(node: Json, depth: int) -> str:
    rows = [[_cell(cell, depth) for cell in _children(row)] for row in _children(node)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cell(node: Json, depth: int) -> str:
    lines = (line.strip() for line in _blocks(node, depth + 1).split("\n"))
    return " ".join(line for line in lines if line).replace("|", "\\|")


def _media(node: Json) -> str:
    alt, url = _attribute(node, "alt"), _attribute(node, "url")
    return f"![{alt}]({url})" if url else f"(attachment {alt or _attribute(node, 'id')})"


def _card(node: Json) -> str:
    attrs = node.get("attrs")
    data = attrs.get("data") if isinstance(attrs, dict) else None
    return _attribute(node, "url") or (str(data.get("url", "")) if isinstance(data, dict) else "")


_BLOCKS: dict[str, Callable[[Json, int], str]] = {
    "paragraph": lambda node, depth: _line(node, depth),
    "heading": _heading,
    "bulletList": _list,
    "orderedList": _list,
    "taskList": _list,
    "decisionList": _list,
    "blockquote": _quote,
    "panel": _quote,
    "expand": _expand,
    "nestedExpand": _expand,
    "table": _table,
}
_LEAVES: dict[str, Callable[[Json], str]] = {
    "codeBlock": _code,
    "rule": lambda _: "---",
    "media": _media,
    "blockCard": _card,
    "embedCard": _card,
}

# Within a line


def _line(node: Json, depth: int) -> str:
    return "".join(_inline(child, depth + 1) for child in _children(node))


def _inline(node: Json, depth: int) -> str:
    if depth > DEEPEST:
        return "(…)"
    kind = str(node.get("type", ""))
    if kind == "text":
        return _marked(node)
    if kind in _INLINES:
        return _INLINES[kind](node)
    return _line(node, depth)


def _marked(node: Json) -> str:
    text = str(node.get("text", ""))
    marks = {str(mark.get("type")): mark for mark in node.get("marks") or () if isinstance(mark, dict)}
    body = text.strip()
    if not body:
        return text
    lead, _, trail = text.partition(body)
    if "code" in marks:
        body = _code_span(body)
    for kind, sign in _WRAPS.items():
        if kind in marks:
            body = f"{sign}{body}{sign}"
    address = _attribute(marks["link"], "href") if "link" in marks else ""
    if address and address != body:
        body = f"[{body}]({address})"
    return f"{lead}{body}{trail}"


def _code_span(text: str) -> str:
    fence = "`" * (_longest_run(text) + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def _date(node: Json) -> str:
    told = _attribute(node, "timestamp")
    return datetime.fromtimestamp(int(told) / 1000, UTC).date().isoformat() if told.isdecimal() else told


_INLINES: dict[str, Callable[[Json], str]] = {
    "hardBreak": lambda _: "\n",
    "mention": lambda node: "@" + _attribute(node, "text").removeprefix("@"),
    "emoji": lambda node: _attribute(node, "text") or _attribute(node, "shortName"),
    "date": _date,
    "status": lambda node: f"[{_attribute(node, 'text')}]",
    "inlineCard": _card,
    "mediaInline": _media,
    "placeholder": lambda node: _attribute(node, "text"),
}


def _children(node: Json) -> list[Json]:
    content = node.get("content")
    return [child for child in content if isinstance(child, dict)] if isinstance(content, list) else []


def _attribute(node: Json, name: str) -> str:
    attrs = node.get("attrs")
    found = attrs.get(name) if isinstance(attrs, dict) else None
    return "" if found is None else str(found)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)

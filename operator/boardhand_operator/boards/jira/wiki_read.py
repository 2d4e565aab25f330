"""Pure: the wiki markup of Jira Data Center as Markdown. What is no markup, or none that Markdown has, stands as it is.

Source: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all .
"""

from __future__ import annotations

import re

NESTED = 8
"""Marks within marks are read so deep."""
_MACRO = re.compile(r"^\s*\{(code|noformat|quote|panel)(?::([^}\n]{0,200}))?\}(.*)$")
_HEADING = re.compile(r"^h([1-6])\.\s+(.*)$")
_ITEM = re.compile(r"^[ \t]*([*#]{1,12}|-)[ \t]+(.*)$")
_ROW = re.compile(r"^\s*(\|\|?)(.+)$")
_CELL = re.compile(r"(?<!\\)\|\|?")
_INLINE = re.compile(
    r"\\(?P<literal>[\\{}\[\]*_\-+^~!|#])"
    r"|\{\{(?P<code>(?:\\.|[^\\\n{}]){1,4000})\}\}"
    r"|\[(?P<text>[^\[\]|\n]{0,1000})\|(?P<url>[^\[\]|\s]{1,2000})(?:\|[^\[\]\n]{0,100})?\]"
    r"|\[(?P<bare>(?:https?|mailto|ftp):[^\[\]|\s]{1,2000})\]"
    r"|\[~(?:accountid:)?(?P<person>[^\[\]|\n]{1,200})\]"
    r"|(?<![\w!])!(?P<image>[^\s!|][^!|\n]{0,300}\.\w{2,5})(?:\|[^!\n]{0,200})?!(?!\w)"
    r"|\{color(?::[^{}\n]{0,40})?\}"
    r"|(?<![\w*])\*(?P<strong>[^\s*](?:[^*\n]{0,2000}[^\s*\\])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>[^\s_](?:[^_\n]{0,2000}[^\s_\\])?)_(?![\w_])"
    r"|(?<![\w-])-(?P<strike>[^\s-](?:[^-\n]{0,2000}[^\s\-\\])?)-(?![\w-])"
)
_ESCAPE = re.compile(r"\\([\\{}\[\]*_\-+^~!|#])")


def markdown(wiki: str | None) -> str:
    """The text as Markdown."""
    text = (wiki or "").replace("\r\n", "\n")
    return "\n".join(_blocks(text.split("\n")))


def _blocks(lines: list[str]) -> list[str]:
    found: list[str] = []
    counted: dict[str, int] = {}
    at = 0
    while at < len(lines):
        macro = _MACRO.match(lines[at])
        end = _end(lines, at, macro) if macro else None
        if macro and end is not None:
            body = _body(lines, at, end, macro)
            found += _fenced(macro, body) if macro[1] in ("code", "noformat") else _quoted(macro, body)
            at = end + 1
        elif _is_row(lines[at]):
            rows = 1
            while at + rows < len(lines) and _is_row(lines[at + rows]):
                rows += 1
            found += _table(lines[at : at + rows])
            at += rows
        else:
            found.append(_item(item, counted) if (item := _ITEM.match(lines[at])) else _line(lines[at]))
            counted = counted if item else {}
            at += 1
    return found


def _item(item: re.Match[str], counted: dict[str, int]) -> str:
    """counted: how many items each list above has had, by its signs."""
    signs = item[1]
    for other in [other for other in counted if len(other) > len(signs)]:
        del counted[other]
    counted[signs] = counted.get(signs, 0) + 1
    indent = "".join("   " if sign == "#" else "  " for sign in signs[:-1])
    return indent + (f"{counted[signs]}. " if signs[-1] == "#" else "- ") + _inline(item[2])


def _end(lines: list[str], at: int, macro: re.Match[str]) -> int | None:
    """The line on which the macro that begins here ends; None where it never does, and then it is text."""
    sign = f"{{{macro[1]}}}"
    if sign in macro[3]:
        return at if macro[3].rstrip().endswith(sign) else None
    return next((number for number in range(at + 1, len(lines)) if lines[number].rstrip().endswith(sign)), None)


def _body(lines: list[str], at: int, end: int, macro: re.Match[str]) -> list[str]:
    sign = f"{{{macro[1]}}}"
    if at == end:
        return [macro[3].rstrip().removesuffix(sign)]
    first, last = macro[3], lines[end].rstrip().removesuffix(sign)
    return [*([first] if first.strip() else []), *lines[at + 1 : end], *([last] if last.strip() else [])]


def _fenced(macro: re.Match[str], body: list[str]) -> list[str]:
    options = (macro[2] or "").split("|")
    named = next((option.removeprefix("language=") for option in options if option.startswith("language=")), "")
    kind = named or (options[0] if "=" not in options[0] else "")
    longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + (kind if macro[1] == "code" else ""), *body, fence]


def _quoted(macro: re.Match[str], body: list[str]) -> list[str]:
    options = (option.partition("=") for option in (macro[2] or "").split("|"))
    title = next((value for name, _, value in options if name == "title" and value), "")
    lines = [*([f"**{title}**", ""] if title else []), *_blocks(body)]
    return [f"> {line}".rstrip() for line in lines]


def _line(line: str) -> str:
    if heading := _HEADING.match(line):
        return "#" * int(heading[1]) + " " + _inline(heading[2])
    if line.startswith("bq. "):
        return "> " + _inline(line[4:])
    if line.strip() == "----":
        return "---"
    return _inline(line)


def _is_row(line: str) -> bool:
    return bool(_ROW.match(line)) and line.rstrip().endswith("|")


def _table(lines: list[str]) -> list[str]:
    rows = []
    for line in lines:
        inner = re.sub(r"^\|\|?|(?<!\\)\|\|?$", "", line.strip())
        rows.append([_inline(cell.strip()).replace("|", "\\|") for cell in _CELL.split(inner)])
    width = max(len(row) for row in rows)
    shown = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return [shown[0], "|" + " --- |" * width, *shown[1:]]


def _inline(text: str, depth: int = 0) -> str:
    return _INLINE.sub(lambda found: _meant(found, depth), text) if depth < NESTED else text


def _meant(found: re.Match[str], depth: int) -> str:
    kind = found.lastgroup
    value = found[kind] if kind else ""
    match kind:
        case "literal":
            return value
        case "code":
            return _code_span(_ESCAPE.sub(r"\1", value))
        case "url":
            return f"[{_inline(found['text'], depth + 1)}]({value})" if found["text"] else value
        case "bare":
            return value
        case "person":
            return f"@{value}"
        case "image":
            return f"![{value}]({value})"
        case "strong":
            return f"**{_inline(value, depth + 1)}**"
        case "em":
            return f"*{_inline(value, depth + 1)}*"
        case "strike":
            return f"~~{_inline(value, depth + 1)}~~"
        case _:
            return ""


def _code_span(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"

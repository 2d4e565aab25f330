"""Edits of a text, as pure functions: line endings, byte-order mark and a missing last newline stay."""

from __future__ import annotations

import difflib

from boardhand_runner.errors import ToolError

NEAR_LINES = 3
NEAR_RATIO = 0.5
SEARCHED_LINES = 20_000
BOM = "\ufeff"


def line_ending(text: str) -> str:
    """The ending most lines have: CRLF or LF."""
    crlf = text.count("\r\n")
    return "\r\n" if crlf * 2 > text.count("\n") else "\n"


def with_ending(text: str, ending: str) -> str:
    """The text with every line ended that way."""
    plain = text.replace("\r\n", "\n")
    return plain if ending == "\n" else plain.replace("\n", ending)


def replace_unique(text: str, old: str, new: str) -> str:
    """The text with its one occurrence of `old` replaced.

    Tried as given first, then with the file's own line endings. Raises ToolError where there is none or several.
    """
    if not old:
        raise ToolError("`old` is empty: give the exact text to replace, or use insert_lines or write_file.")
    if old == new:
        raise ToolError("`old` and `new` are the same: nothing would change.")
    ending = line_ending(text)
    if old not in text:
        old, new = with_ending(old, ending), with_ending(new, ending)
    elif ending != "\n":
        new = with_ending(new, ending)
    count = _occurrences(text, old)
    if count == 0:
        raise ToolError(_explain_miss(text, old, new))
    if count > 1:
        where = ", ".join(str(number) for number in _line_numbers(text, old))
        raise ToolError(f"`old` stands there {count} times (lines {where}): add lines around it until it is unique.")
    return text.replace(old, new, 1)


def insert_after(text: str, line: int, insertion: str) -> str:
    """The text with whole lines inserted after line `line`; 0 inserts before the first.

    Raises ToolError for a line that is not there.
    """
    mark = BOM if text.startswith(BOM) else ""
    lines = split_lines(text.removeprefix(BOM))
    if not 0 <= line <= len(lines):
        raise ToolError(f"line {line} is not in the file: it may be 0 (before the first) to {len(lines)}.")
    ending = line_ending(text)
    block = with_ending(insertion, ending)
    at_end = line == len(lines)
    if at_end and lines and not lines[-1].endswith("\n"):
        # The file ends without a newline, and goes on doing so.
        return text + ending + block.removesuffix(ending)
    if block and not block.endswith("\n"):
        block += ending
    return mark + "".join(lines[:line]) + block + "".join(lines[line:])


def split_lines(text: str) -> list[str]:
    """Lines with their ends, split at newlines only (unlike str.splitlines, which splits at form feeds too)."""
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _occurrences(text: str, old: str) -> int:
    """How often `old` stands in the text, overlapping ones counted: each would be a different edit."""
    count, at = 0, text.find(old)
    while at >= 0:
        count, at = count + 1, text.find(old, at + 1)
    return count


def _line_numbers(text: str, old: str) -> list[int]:
    """The lines where its first ten occurrences begin."""
    numbers: list[int] = []
    at = text.find(old)
    while at >= 0 and len(numbers) < 10:
        numbers.append(text.count("\n", 0, at) + 1)
        at = text.find(old, at + 1)
    return numbers


def _explain_miss(text: str, old: str, new: str) -> str:
    if new.strip() and new in text:
        line = text.count("\n", 0, text.find(new)) + 1
        return f"`old` is not in the file, and `new` already is (line {line}): the edit is done, go on."
    near = _nearest(text, old)
    if near is None:
        return "`old` is not in the file, nor anything like it: read the file again, and copy the text exactly."
    return (
        "`old` is not in the file. It must match exactly, with its white space and without line numbers."
        f" The nearest lines are:\n{near}"
    )


def _nearest(text: str, old: str) -> str | None:
    """The lines that resemble the first line of `old` most, numbered, with some lines around."""
    wanted = next((line.strip() for line in old.splitlines() if line.strip()), "")
    lines = [line.rstrip("\r\n") for line in split_lines(text)[:SEARCHED_LINES]]
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    best, best_ratio = -1, NEAR_RATIO
    for index, line in enumerate(lines):
        matcher.set_seq1(line.strip()[:500])
        if matcher.real_quick_ratio() > best_ratio and matcher.quick_ratio() > best_ratio:
            ratio = matcher.ratio()
            if ratio > best_ratio:
                best, best_ratio = index, ratio
    if best < 0:
        return None
    last = min(len(lines), best + max(1, len(old.splitlines())) + NEAR_LINES)
    return "\n".join(f"{n + 1}\t{lines[n]}" for n in range(max(0, best - NEAR_LINES), last))


def first_difference(before: str, after: str) -> int:
    """The number of the first line in which two different texts differ."""
    pairs = zip(split_lines(before), split_lines(after), strict=False)
    same = 0
    for old, new in pairs:
        if old != new:
            break
        same += 1
    return same + 1

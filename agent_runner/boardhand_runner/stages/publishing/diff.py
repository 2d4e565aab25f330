"""What was pushed, as pieces in the log, for people who look at the run: git's unified format, bounded.

Added lines were looked through for secrets before the push. Those around them, and those that are taken away, are
looked through here: what somebody committed long ago has no place in a log. A piece is one line of JSON, whatever the
files hold, so nothing in them can pass for a line of its own, or steer a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO

from boardhand_api.events import DIFF_BYTES, EVENT_BYTES, DiffPiece
from boardhand_api.redaction import BLOT
from boardhand_runner.leaks import Finder
from boardhand_runner.stages.publishing.fresh import Fresh

SECONDS = 60.0
CHUNK = 8_000
"""A longer line is shared out between pieces: a character has at most six bytes in JSON."""
_ROOM = EVENT_BYTES - 200
"""Bytes of a piece's text as JSON; its other fields need less than the rest."""
_OPTIONS = (
    "--unified=3",
    "--find-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-indent-heuristic",
    "--submodule=short",
    "--ignore-submodules=none",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_STEERING = re.compile("[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""What JSON lets stand and a terminal or the eye obeys."""
_KEY, _KEY_ENDS = re.compile(r"-----BEGIN .{0,40}PRIVATE KEY"), "-----END "


def write_diff(work: Fresh, out: TextIO, finders: Sequence[Finder], clean: Callable[[str], str]) -> None:
    """Write the pieces. clean: takes the secrets that are mounted out of a text. Raises Infrastructure as git fails."""
    with work.git.stream("diff", *_OPTIONS, f"{work.base}...{work.head}", "--", seconds=SECONDS) as stream:
        # Every byte of the diff has one at least in the log.
        data = stream.read(DIFF_BYTES + 1)
    lines = _LINES.findall(clean(data.decode("utf-8", "replace")))
    cut = len(data) > DIFF_BYTES
    whole = lines[:-1] if cut and len(lines) > 1 else lines
    for piece in pieces(_blotted(whole, finders), cut=cut):
        out.write(_line(piece) + "\n")
    out.flush()


def pieces(lines: Iterable[str], *, cut: bool = False) -> list[DiffPiece]:
    """The lines in pieces, each a line in the log below EVENT_BYTES, all together at most DIFF_BYTES.

    cut: there were more lines than these.
    """
    texts, left = list[str](), DIFF_BYTES
    for text in _texts(lines):
        left -= _size(text) + 1
        if left < 0:
            cut = True
            break
        texts.append(text)
    count = len(texts)
    return [
        DiffPiece(event="diff", number=number, of=count, text=text, cut=cut and number == count)
        for number, text in enumerate(texts, 1)
    ]


def _texts(lines: Iterable[str]) -> Iterator[str]:
    held, size = list[str](), 0
    for line in lines:
        for at in range(0, len(line), CHUNK):
            chunk = line[at : at + CHUNK]
            more = _size(chunk) - _EMPTY
            if held and size + more > _ROOM:
                yield "".join(held)
                held, size = [], 0
            held.append(chunk)
            size += more
    if held:
        yield "".join(held)


def _line(piece: DiffPiece) -> str:
    """As JSON without anything that steers."""
    return _STEERING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", piece.model_dump_json(exclude_defaults=True))


def _size(text: str) -> int:
    """Bytes of a piece's line with this text, whatever its numbers."""
    return len(_line(DiffPiece(event="diff", number=999, of=999, text=text, cut=True)).encode())


_EMPTY = _size("")


def _blotted(lines: Iterable[str], finders: Sequence[Finder]) -> Iterator[str]:
    """The lines; one that was there before and holds a secret is blotted out, of a key all of its lines."""
    inside = False
    for line in lines:
        there_before = not line.startswith("+")
        secret = there_before and (inside or any(find(line.encode()) for find in finders))
        if there_before:
            inside = (inside or bool(_KEY.search(line))) and _KEY_ENDS not in line
        yield f"{line[0]}{BLOT}\n" if secret else line

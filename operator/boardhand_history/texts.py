"""Pure: transcripts and diffs, tamed, bounded and compressed.

One compressed text a run, not a row a step: a run is read whole or not at all, its log is its own format, and JSON
Lines shrink to a tenth.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from boardhand_api.counts import printable
from boardhand_api.events import DIFF_BYTES, EVENT_BYTES, parse_diff
from boardhand_history.models import Kept, Kind

TRANSCRIPT_BYTES = 5 * 1024 * 1024
LOG_BYTES = TRANSCRIPT_BYTES + EVENT_BYTES
"""So much of a log is asked for: more than is kept, so that a longer one is known for that."""
_LONGEST = EVENT_BYTES
"""Of a longer line the rest is left out: it is no event."""


@dataclass(frozen=True)
class Text:
    """A text as it is kept."""

    kind: Kind
    kept: Kept
    size: int = 0
    data: bytes | None = None

    def read(self) -> str:
        """The text; empty where there is none."""
        return "" if self.data is None else zlib.decompress(self.data).decode()


def absent(kind: Kind, kept: Kept) -> Text:
    """No text, and why."""
    return Text(kind, kept)


def transcript(log: str) -> Text:
    """The agent's log, line by line."""
    return _packed(Kind.TRANSCRIPT, "".join(f"{_tame(each)}\n" for each in log.splitlines()), TRANSCRIPT_BYTES, False)


def diff(log: str) -> Text:
    """The diff in the publish stage's log: its pieces in their order; GONE where one is missing from the front."""
    found = [piece for each in log.splitlines() if (piece := parse_diff(each))]
    pieces = []
    for number, piece in enumerate(found, start=1):
        if piece.number != number:
            break
        pieces.append(piece)
    if not pieces:
        return absent(Kind.DIFF, Kept.GONE)
    missing = pieces[-1].cut or len(pieces) < pieces[-1].of
    return _packed(Kind.DIFF, printable("".join(piece.text for piece in pieces)), DIFF_BYTES, missing)


def _tame(each: str) -> str:
    return printable(each[:_LONGEST])


def _packed(kind: Kind, text: str, most: int, missing: bool) -> Text:
    data = text.encode()
    kept = data[: data.rfind(b"\n", 0, most) + 1] if len(data) > most else data
    cut = missing or len(kept) < len(data)
    return Text(kind, Kept.CUT if cut else Kept.WHOLE, len(kept), zlib.compress(kept, 6))

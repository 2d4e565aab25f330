"""Pure: transcripts and diffs, tamed, bounded and compressed.

One compressed text a run, not a row a step: a run is read whole or not at all, its log is its own format, and JSON
Lines shrink to a tenth.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from boardhand_api.counts import printable
from boardhand_api.events import DIFF_BYTES, EVENT_BYTES
from boardhand_client.diffs import diff_of
from boardhand_history.models import Kept, Kind

TRANSCRIPT_BYTES = 5 * 1024 * 1024
LOG_BYTES = TRANSCRIPT_BYTES + EVENT_BYTES
"""So much of a log is asked for: more than is kept, so that a longer one is known for that."""


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


def transcript(log: str, most: int = TRANSCRIPT_BYTES) -> Text:
    """The agent's log, line by line; of a line that is too long for an event its beginning."""
    lines = log.split("\n")
    tamed = "\n".join(_tame(each[:EVENT_BYTES]) for each in lines)
    return _packed(Kind.TRANSCRIPT, tamed, most, any(len(each) > EVENT_BYTES for each in lines))


def _tame(each: str) -> str:
    # Nearly all lines are so already, which Python tells much faster.
    return each if each.isprintable() else printable(each)


def diff(log: str) -> Text:
    """The diff in the publish stage's log."""
    found = diff_of(log.split("\n"))
    return _packed(Kind.DIFF, found.text, DIFF_BYTES, found.cut) if found else absent(Kind.DIFF, Kept.GONE)


def _packed(kind: Kind, text: str, most: int, missing: bool) -> Text:
    data = text.encode()
    kept = data[: data.rfind(b"\n", 0, most) + 1] if len(data) > most else data
    cut = missing or len(kept) < len(data)
    return Text(kind, Kept.CUT if cut else Kept.WHOLE, len(kept), zlib.compress(kept, 6))

"""Lines out of a stream of bytes, however it is cut, and the time stamps before them. Pure but for the reading."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Protocol


class Bytes(Protocol):
    """What a response's content offers."""

    def iter_any(self) -> AsyncIterator[bytes]:
        """What has come, as soon as it has."""
        ...


async def lines(content: Bytes, longest: int | None) -> AsyncIterator[bytes]:
    """The lines without their ends, the last one too where it has none. longest: bytes of a line that are kept."""
    held = bytearray()
    async for piece in content.iter_any():
        *whole, rest = piece.split(b"\n")
        for part in whole:
            _add(held, part, longest)
            yield bytes(held)
            held.clear()
        _add(held, rest, longest)
    if held:
        yield bytes(held)


def _add(held: bytearray, part: bytes, longest: int | None) -> None:
    held += part if longest is None else part[: max(0, longest - len(held))]


class Place:
    """How far a log with time stamps was read: where its stream is opened anew, its last second comes again.

    Lines may share a stamp: some runtimes stamp all that was written at once alike.
    """

    def __init__(self) -> None:
        self.at = ""
        """The latest stamp."""
        self._count = 0
        self._since, self._known = "", 0

    def opened(self) -> None:
        """The stream begins at or before the latest stamp."""
        self._since, self._known = self.at, self._count

    def new(self, at: str) -> bool:
        """Whether the line with this stamp did not come before; one without a stamp is none of the container's."""
        if not at or at < self._since:
            return False
        if at == self._since and self._known:
            self._known -= 1
            return False
        if at >= self.at:
            self._count = self._count + 1 if at == self.at else 1
            self.at = at
        return True


_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?")


def stamped(line: bytes) -> tuple[str, str]:
    """A line of a log that was asked for with time stamps: the stamp in UTC, which can be compared as text, and the
    line. A line without one has an empty stamp."""
    found = _STAMP.match(line)
    if found is None:
        return "", line.decode(errors="replace").removesuffix("\r")
    whole, fraction, zone = found[1].decode(), (found[2] or b"").decode(), found[3].decode()
    if zone != "Z":
        # The node's own time zone is the log's.
        whole = datetime.fromisoformat(whole + zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{fraction:0<9}", line[found.end() :].decode(errors="replace").removesuffix("\r")

"""Answers that are asked for again only where they changed (RFC 9110 section 13: If-None-Match)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from boardhand_operator.http.answers import Answer

ANSWERS, BYTES = 64, 1024 * 1024
"""So many answers, of so many bytes together, are kept of one service; those unused for longest go first."""


class Remembered:
    """The last answers of one service that bore an ETag, by address."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, Answer]] = OrderedDict()
        self._bytes = 0

    def condition(self, address: str) -> dict[str, str]:
        """The header with which it is asked for again."""
        known = self._kept.get(address)
        return {"if-none-match": known[0]} if known else {}

    def whole(self, address: str, answer: Answer) -> Answer:
        """The answer; where it says that nothing changed, the one that is kept, as a 200."""
        if answer.status == 304 and address in self._kept:
            self._kept.move_to_end(address)
            kept = self._kept[address][1]
            # What the new answer says of itself holds: a next page may have come although this one is as it was.
            return replace(kept, headers={**kept.headers, **answer.headers})
        self._forget(address)
        tag = answer.headers.get("etag", "")
        if tag and len(answer.body) <= BYTES // 4:
            self._kept[address] = tag, answer
            self._bytes += len(answer.body)
        while len(self._kept) > ANSWERS or self._bytes > BYTES:
            self._forget(next(iter(self._kept)))
        return answer

    def _forget(self, address: str) -> None:
        if known := self._kept.pop(address, None):
            self._bytes -= len(known[1].body)

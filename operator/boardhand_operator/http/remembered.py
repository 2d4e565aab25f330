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
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0

    def last(self, address: str) -> Answer | None:
        """The answer that is kept; it is asked for again by its `condition`."""
        return self._kept.get(address)

    def whole(self, address: str, answer: Answer, last: Answer | None) -> Answer:
        """The answer; where it says that nothing changed, the last one, as a 200.

        last: what was kept when this one was asked for; others may have pushed it out meanwhile.
        """
        if answer.status != 304 or last is None:
            self._keep(address, answer)
            return answer
        self._keep(address, last)
        # What the new answer says of itself holds: a next page may have come although this one is as it was.
        return replace(last, headers={**last.headers, **answer.headers})

    def _keep(self, address: str, answer: Answer) -> None:
        """As the one that was used last."""
        self._forget(address)
        if answer.headers.get("etag") and len(answer.body) <= BYTES // 4:
            self._kept[address] = answer
            self._bytes += len(answer.body)
        while len(self._kept) > ANSWERS or self._bytes > BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, address: str) -> None:
        if known := self._kept.pop(address, None):
            self._bytes -= len(known.body)


def condition(last: Answer | None) -> dict[str, str]:
    """The header with which an answer is asked for only where it changed."""
    return {"if-none-match": last.headers["etag"]} if last else {}

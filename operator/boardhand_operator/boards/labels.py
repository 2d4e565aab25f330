"""Labels as columns, for every board of issues: which are there, and in which of them an issue is."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from boardhand_api import pool
from boardhand_operator.errors import Misconfigured

SECONDS = 60.0
"""Labels are looked up again after so long, so that a renamed or deleted one is noticed."""


@dataclass(frozen=True, order=True)
class Entry:
    """What put an issue into a column."""

    at: datetime
    number: int
    """Its id at the vendor, by which entries of one moment are ordered; 0 where the issue's creation is meant."""
    event: str
    by: str = field(default="", compare=False)
    """Id of whose doing it was; empty where that is not told."""
    by_name: str = field(default="", compare=False)


Place = tuple[str, Entry]
"""The column where an issue is, and by which event it came there."""


def placed(here: Mapping[str, Any], birth: Entry, happened: Iterable[tuple[Hashable, Entry]]) -> Place | None:
    """In which column an open issue is, or None where it bears no label that is one. Pure.

    Of several column labels the one that was put on last counts. Reopening puts an issue into its column anew.

    here: the column labels that it bears, by name, with what `happened` calls them. birth: its creation. happened: the
    labels that were put on, and None where it was reopened; in any order.
    """
    if not here:
        return None
    last: dict[Hashable, Entry] = {}
    for what, entry in happened:
        last[what] = max(entry, last.get(what, birth))
    column = max(here, key=lambda name: (last.get(here[name], birth), here[name]))
    return column, max(last.get(here[column], birth), last.get(None, birth))


class Labels:
    """The labels of one place by name, looked up as seldom as can be."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Mapping[str, int]]],
        place: str,
        advice: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """read: the ids by name. place: whose labels these are, such as "Repository team/shop". advice: how one is
        made, such as "Make it in the repository"."""
        self._read, self._place, self._advice, self._clock = read, place, advice, clock
        self._ids: Mapping[str, int] = {}
        self._until = 0.0

    async def refresh(self) -> None:
        """Look the labels up now."""
        self._ids = await self._read()
        self._until = self._clock() + SECONDS

    def known(self, name: str, field: str = "spec.board.columns") -> int:
        """The id of the label with this name. Raises Misconfigured, naming the labels there are."""
        if name not in self._ids:
            there = ", ".join(repr(known) for known in self._ids) or "none"
            raise Misconfigured(
                "ColumnMissing",
                f"{self._place} has no label {name!r}; its own labels are: {there}. "
                f"{self._advice}, or name another one in {field}.",
                self._ids,
            )
        return self._ids[name]

    async def id_of(self, name: str) -> int:
        """As `known`, after a look-up where the name misses or what is known is old."""
        if self._clock() >= self._until or name not in self._ids:
            await self.refresh()
        return self.known(name)

    async def check(self, spec: pool.Board, columns: Sequence[str], vendor: str) -> None:
        """See that there are labels of these names, and the pool's own. Raises Misconfigured, and as `read`."""
        ready = spec.columns.ready
        if columns.count(ready) > 1:
            raise Misconfigured(
                "ColumnTwice", f"The ready column {ready!r} also has another meaning in spec.board.columns."
            )
        await self.refresh()
        for name in columns:
            self.known(name)
            if "," in name:
                raise Misconfigured(
                    "ColumnMalformed",
                    f"{vendor} cannot be asked for label {name!r}: a column's name has no comma in it.",
                )
        if spec.label is not None:
            self.known(spec.label, "spec.board.label")

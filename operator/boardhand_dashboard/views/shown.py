"""Pure: what of a namespace's runs stands on the board page, and what makes an older page show it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from boardhand_client.rows import Column, RunRow, column_of

CARDS = 50
"""So many cards a column shows, the newest; the count beside its name is of all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The board as a page shows it."""

    cards: Mapping[Column, tuple[RunRow, ...]]
    """Newest first, at most CARDS a column."""
    counts: Mapping[Column, int]
    """All runs of each column."""
    pools: tuple[str, ...]
    """All pools that have runs, whatever is filtered by."""


@dataclass(frozen=True, slots=True)
class Put:
    """Put this card into the column, after another card; none: first. Where it was on the page before, it is gone."""

    column: Column
    row: RunRow
    after: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    """From one state of the page to a later one: first `gone`, then `changed` in their places, then `puts` in order."""

    gone: tuple[str, ...]
    changed: tuple[RunRow, ...]
    puts: tuple[Put, ...]
    counts: Mapping[Column, int]
    """Only those that changed."""
    moved: tuple[tuple[RunRow, Column], ...]
    """Cards that were in another column, or in none: what is announced."""

    def __bool__(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.gone or self.changed or self.puts or self.counts)


def since(row: RunRow) -> str:
    """When the run came where it is, as far as the row tells: RFC 3339."""
    return row.finished or row.started or row.created


def shown(rows: Iterable[RunRow], pool: str = "") -> Shown:
    """The board of these runs, or of one pool's."""
    pools: set[str] = set()
    columns: dict[Column, list[RunRow]] = {column: [] for column in Column}
    for row in rows:
        pools.add(row.pool)
        if not pool or row.pool == pool:
            columns[column_of(row)].append(row)
    cards = {
        column: tuple(heapq.nlargest(CARDS, there, key=lambda row: (since(row), row.name)))
        for column, there in columns.items()
    }
    return Shown(cards, {column: len(there) for column, there in columns.items()}, tuple(sorted(pools)))


def delta(old: Shown, new: Shown) -> Delta:
    """What makes a page that shows `old` show `new`."""
    before = {row.name: (column, row) for column, there in old.cards.items() for row in there}
    after = {row.name: column for column, there in new.cards.items() for row in there}
    stays = {name for name, (column, _) in before.items() if after.get(name) is column}
    stays -= _out_of_order(old, new, stays)
    puts, changed = [], []
    for column, there in new.cards.items():
        previous: str | None = None
        for row in there:
            if row.name not in stays:
                puts.append(Put(column, row, previous))
            elif before[row.name][1] != row:
                changed.append(row)
            previous = row.name
    moved = tuple((put.row, put.column) for put in puts if before.get(put.row.name, (None,))[0] is not put.column)
    counts = {column: count for column, count in new.counts.items() if old.counts[column] != count}
    return Delta(tuple(sorted(before.keys() - stays)), tuple(changed), tuple(puts), counts, moved)


def _out_of_order(old: Shown, new: Shown, stays: set[str]) -> set[str]:
    """Cards that stay in their column, but not in their place among those that stay."""
    out: set[str] = set()
    for column, there in new.cards.items():
        place = {row.name: at for at, row in enumerate(old.cards[column])}
        last = -1
        for row in there:
            if row.name in stays:
                if place[row.name] < last:
                    out.add(row.name)
                last = max(last, place[row.name])
    return out

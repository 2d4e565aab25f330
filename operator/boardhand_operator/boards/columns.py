"""Which issues are in which columns, and which are ready, where labels are the columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boardhand_operator.boards import Card
from boardhand_operator.boards.entered import Entered
from boardhand_operator.boards.labels import Entry

Json = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """How a vendor's issues are read."""

    number: Callable[[Json], int]
    """By which the issue is a ticket."""
    named: Callable[[Json, Collection[str]], Mapping[str, Any]]
    """Which of these column labels it bears."""
    card: Callable[[Json, str, Entry, Collection[str]], Card]
    """The issue as a ticket in this column, by this event."""
    labelled: Callable[[Json], bool]
    """Whether it bears the label that the pool wants."""


async def sorted_out(
    found: Mapping[str, Sequence[Json]], ready: str, known: Collection[str], entered: Entered, reading: Reading
) -> tuple[list[Card], dict[str, frozenset[str]]]:
    """The ready tickets, the one that entered first leading, and who is in each column.

    found: the open issues by a column's label that they bear; each may bear several. known: all labels that count as a
    column. Timelines are read only of issues that may be ready, or are in several columns. Raises as `entered` does.
    """
    asked = {
        reading.number(issue): issue
        for name, issues in found.items()
        for issue in issues
        if len(reading.named(issue, known)) > 1 or (name == ready and reading.labelled(issue))
    }
    places = await entered.of(list(asked.values()), known)
    cards = []
    for issue in found[ready]:
        place = places.get(reading.number(issue))
        if place and place[0] == ready and reading.labelled(issue):
            cards.append((place[1], reading.card(issue, *place, known)))

    def is_in(issue: Json, column: str) -> bool:
        """One that waits to be read is where its label says."""
        number = reading.number(issue)
        place = places.get(number)
        return number not in asked or place is None or place[0] == column

    members = {
        name: frozenset(str(reading.number(issue)) for issue in issues if is_in(issue, name))
        for name, issues in found.items()
    }
    return [card for _, card in sorted(cards, key=lambda pair: (pair[0], int(pair[1].id)))], members

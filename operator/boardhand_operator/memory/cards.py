"""Tickets as they were read a moment ago: who claims one need not read it again."""

from __future__ import annotations

from collections.abc import Callable

from boardhand_operator.boards import Card

_FRESH = 2.0
"""Seconds for which a ticket that was read is taken to be as it was."""


class FreshCards:
    """By the UID of the run that was made of each; given out once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cards: dict[str, tuple[Card, float]] = {}
        self._asked: set[str] = set()
        """Runs whose ticket was asked for: it is not any more as whoever made the run read it."""

    def keep(self, uid: str, card: Card) -> None:
        """Keep a ticket for the moment.

        Of a run that was looked at before the answer to its creation came nothing is kept: its ticket may be claimed.
        """
        if uid in self._asked:
            return
        old = self._clock() - _FRESH
        self._cards = {one: kept for one, kept in self._cards.items() if kept[1] >= old} | {uid: (card, self._clock())}

    def take(self, uid: str) -> Card | None:
        """The run's ticket, if it is fresh; once."""
        self._asked.add(uid)
        card, since = self._cards.pop(uid, (None, 0.0))
        return card if self._clock() - since < _FRESH else None

    def forget(self, uid: str) -> None:
        """The run is gone."""
        self._asked.discard(uid)

"""The labels of one Gitea repository by name, looked up as seldom as can be."""

from __future__ import annotations

import time
from collections.abc import Callable

from boardhand_operator.boards.gitea.pages import Pages
from boardhand_operator.errors import Misconfigured

SECONDS = 60.0
"""Labels are looked up again after so long, so that a renamed or deleted one is noticed."""


class Labels:
    """Ids of the repository's own labels. Those of its organisation are not among them: lists cannot be asked for
    by these."""

    def __init__(self, pages: Pages, board: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._pages, self._board, self._clock = pages, board, clock
        self._ids: dict[str, int] = {}
        self._until = 0.0

    async def refresh(self) -> None:
        """Look the labels up now."""
        labels = await self._pages.all(f"read the labels of {self._board}", "/labels")
        self._ids = {label["name"]: int(label["id"]) for label in labels}
        self._until = self._clock() + SECONDS

    def known(self, name: str, field: str = "spec.board.columns") -> int:
        """The id of the label with this name. Raises Misconfigured, naming the labels there are."""
        if name not in self._ids:
            there = ", ".join(repr(known) for known in self._ids) or "none"
            raise Misconfigured(
                "ColumnMissing",
                f"Repository {self._board} has no label {name!r}; its own labels are: {there}. "
                f"Make it in the repository (not in the organisation), or name another one in {field}.",
            )
        return self._ids[name]

    async def id_of(self, name: str) -> int:
        """As `known`, after a look-up where the name misses or what is known is old."""
        if self._clock() >= self._until or name not in self._ids:
            await self.refresh()
        return self.known(name)

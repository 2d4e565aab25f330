"""Which work items a poll reads whole, where not all can be read at once."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.boards.azure.entered import LOOKUPS, Entered
from boardhand_operator.boards.azure.items import Items
from boardhand_operator.boards.azure.log import Json


class Silent(Items):
    """Work items of which some tell no update of their column: they were there before the team's board."""

    def __init__(self, silent: int, loud: int) -> None:
        self.silent, self.all = silent, silent + loud
        self.read: list[int] = []

    async def fields(self, ids: Sequence[int], names: Sequence[str]) -> list[Json]:
        return [{"id": id_, "rev": 1, "fields": {}} for id_ in ids]

    async def updates(self, ticket: str | int) -> list[Json]:
        self.read.append(int(ticket))
        fields = {"System.ChangedDate": {"newValue": "2026-01-01T12:00:00Z"}}
        column = {"System.State": {"newValue": "Ready"}} if int(ticket) > self.silent else {}
        return [{"id": 1, "fields": fields | column}]


async def test_items_that_tell_no_event_keep_no_others_waiting() -> None:
    items = Silent(LOOKUPS + 10, 5)
    rows = [{"id": id_, "rev": 1} for id_ in range(1, items.all + 1)]
    entered = Entered(items)
    found: list[int] = []
    for _ in range(3):
        found = [item["id"] for item, _ in await entered.of(rows, "System.State")]
    assert found == [row["id"] for row in rows[items.silent :]]
    assert len(items.read) <= 3 * LOOKUPS

"""By which update work items came into the ready column, their texts, and what was said on others: kept while a work
item does not change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from boardhand_operator.boards import Comment, Said
from boardhand_operator.boards.azure.items import Items
from boardhand_operator.boards.azure.log import (
    CHANGED,
    COMMENTS,
    PRIORITY,
    TAGS,
    TITLE,
    Entry,
    Json,
    comment,
    moment,
    placed,
)
from boardhand_operator.boards.azure.texts import TEXTS
from boardhand_operator.errors import NotFound

LOOKUPS = 50
"""Work items that one poll reads whole; those beyond wait for the next."""
_FIELDS = (TITLE, TAGS, PRIORITY, *TEXTS)

_Key = tuple[int, int]
"""A work item and its revision."""


class Entered:
    """Work items with the updates that put them where they are."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._known: dict[_Key, tuple[Json, Entry]] = {}
        self._vain: dict[_Key, int] = {}
        """How often those were read that told no event."""

    async def of(self, rows: Sequence[Json], field: str) -> list[tuple[Json, Entry]]:
        """Those of these work items that are read already (see LOOKUPS), with their texts.

        field: the column's. No request where all are remembered; else one for the texts, and one for each work item.
        """
        keys = [_key(row) for row in rows]
        known = {key: self._known[key] for key in keys if key in self._known}
        there = set(keys)
        vain = {key: times for key, times in self._vain.items() if key in there}
        # Those that nothing is known of go first.
        missing = sorted((row for row in rows if _key(row) not in known), key=lambda row: vain.get(_key(row), 0))
        missing = missing[:LOOKUPS]
        texts = await self._items.fields([row["id"] for row in missing], _FIELDS) if missing else []
        for item in texts:
            entry = await self._entry(item["id"], field)
            # What changed since the rows were read is seen with the next poll.
            if entry and _key(item) in there:
                known[_key(item)] = (item, entry)
        for key in (_key(row) for row in missing):
            if key not in known:
                vain[key] = vain.get(key, 0) + 1
        self._known, self._vain = known, vain
        return [known[key] for key in keys if key in known]

    async def _entry(self, ticket: int, field: str) -> Entry | None:
        try:
            return placed(await self._items.updates(ticket), field)
        except NotFound:
            return None  # deleted meanwhile


class Talk:
    """Comments of work items that changed lately."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._known: dict[_Key, list[Comment]] = {}

    async def since(self, rows: Sequence[Json], since: datetime, our_id: str) -> tuple[Said, ...]:
        """What was said on these work items since then, oldest first.

        One request for each that changed since then and since it was asked for last.
        """
        start = since.astimezone(UTC)
        found: dict[_Key, list[Comment]] = {}
        for row in rows:
            if row["fields"].get(COMMENTS) and moment(row["fields"][CHANGED]) >= start.replace(microsecond=0):
                key = _key(row)
                found[key] = self._known[key] if key in self._known else await self._read(row["id"], our_id)
        self._known = found
        said = [
            Said(str(number), one)
            for (number, _), comments in found.items()
            for one in comments
            if one.created_at >= start
        ]
        return tuple(sorted(said, key=lambda one: (one.comment.created_at, int(one.comment.id))))

    async def _read(self, ticket: int, our_id: str) -> list[Comment]:
        try:
            return [comment(said, our_id) for said in await self._items.comments(ticket)]
        except NotFound:
            return []  # deleted meanwhile


def _key(item: Json) -> _Key:
    return int(item["id"]), int(item["rev"])

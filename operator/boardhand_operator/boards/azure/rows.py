"""Which work items a poll looks at."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from boardhand_api import pool
from boardhand_operator.boards.azure.columns import Columns, quoted
from boardhand_operator.boards.azure.items import Items
from boardhand_operator.boards.azure.log import CHANGED, COMMENTS, PROJECT, TAGS, Json


class Rows:
    """Work items with what is cheap to read of them: column, tags, revision."""

    def __init__(self, items: Items, columns: Columns, project: str, spec: pool.Board) -> None:
        self._items, self._columns, self._spec = items, columns, spec
        self._project = f"[{PROJECT}] = {quoted(project)}"

    async def of(self, names: Collection[str], since: datetime | None) -> list[Json]:
        """The work items of these columns, and those that changed since then: two requests for 200."""
        field = self._columns.kind.field
        wanted = f"[{field}] IN ({', '.join(quoted(name) for name in names)})"
        if since:
            wanted = f"({wanted} OR [{CHANGED}] >= {quoted(_second(since))})"
        ids = await self._items.ids(" AND ".join(filter(None, [self._project, self._columns.kind.within(), wanted])))
        return await self._items.fields(ids, [field, TAGS, CHANGED, COMMENTS]) if ids else []

    async def fitting(self) -> set[int] | None:
        """The ready work items that spec.board.filter finds; None where there is no filter. One request."""
        if self._spec.filter is None:
            return None
        ready = f"[{self._columns.kind.field}] = {quoted(self._spec.columns.ready)}"
        return set(await self._items.ids(f"{self._project} AND {ready} AND ({self._spec.filter})"))


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")

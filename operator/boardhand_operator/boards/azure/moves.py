"""Where a work item is, and how it gets into another column although others work on it as well."""

from __future__ import annotations

from boardhand_operator.boards.azure.columns import Kind
from boardhand_operator.boards.azure.items import Items
from boardhand_operator.boards.azure.log import AREA, PROJECT, STATE, TYPE, Json
from boardhand_operator.errors import Rejected

TRIES = 3
"""So often a move is tried where somebody changes the work item meanwhile."""
_STALE = 412


async def where(items: Items, kind: Kind, ticket: str) -> Json:
    """The work item with what says in which column of which board it is. Raises NotFound."""
    return await items.some(ticket, [kind.field, STATE, TYPE, PROJECT, AREA])


async def move(items: Items, kind: Kind, ticket: str, column: str) -> None:
    """Move the work item, unless it is there: one request to read and one to write, again where somebody changed it
    in between, so that the state that goes with the column is that of the work item as it is."""
    operation = f"move work item {ticket} to {column!r}"
    for tried in range(1, TRIES + 1):
        item = await where(items, kind, ticket)
        if item["fields"].get(kind.field) == column:
            return
        try:
            await items.change(operation, ticket, kind.changes(item["fields"], column), item["rev"])
        except Rejected as refused:
            if tried == TRIES or refused.status != _STALE:
                raise
        else:
            return

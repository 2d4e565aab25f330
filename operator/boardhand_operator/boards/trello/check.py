"""Whether a pool's Trello board is well described, and its account may do what it must."""

from __future__ import annotations

from boardhand_api import pool
from boardhand_operator.boards.trello.log import Json
from boardhand_operator.errors import Misconfigured, PermissionMissing
from boardhand_operator.http.transport import Client, segment


def columns_of(spec: pool.Board) -> list[str]:
    """The names of all columns that mean something to the pool."""
    wanted = spec.columns
    return [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]


def check_spec(spec: pool.Board) -> None:
    """What can be told without Trello. Raises Misconfigured."""
    if spec.filter is not None:
        raise Misconfigured(
            "FilterUnsupported", "spec.board.filter is not for Trello: leave it out, and use spec.board.label."
        )
    ready = spec.columns.ready
    if columns_of(spec).count(ready) > 1:
        raise Misconfigured(
            "ColumnTwice", f"The ready column {ready!r} also has another meaning in spec.board.columns."
        )


async def check_membership(http: Client, spec: pool.Board, our_id: str) -> None:
    """See that the account is no mere observer of the board. Raises PermissionMissing, and what `Client.get` raises.

    Whether the token itself may write shows with the first write: Trello tells of a token only by its address.
    """
    operation, path = f"read who is on board {spec.board}", f"/boards/{segment(spec.board)}/memberships"
    memberships: list[Json] = await http.get(operation, path)
    ours = next((found for found in memberships if found["idMember"] == our_id), None)
    if ours and (ours["memberType"] == "observer" or ours.get("deactivated")):
        raise PermissionMissing(
            "Trello",
            operation,
            f"the account of the token in Secret {spec.secret_name} only looks on there: make it a normal member.",
        )

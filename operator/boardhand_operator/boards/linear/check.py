"""Whether a pool's Linear board is well described, and its key may do what it must."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_api import pool
from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.client import LinearClient
from boardhand_operator.boards.linear.states import States
from boardhand_operator.errors import Misconfigured, NotFound, Rejected

_NOBODY = "00000000-0000-4000-8000-000000000000"
"""An issue that there is not."""


def check_spec(spec: pool.Board, columns: Sequence[str]) -> None:
    """Raise Misconfigured where the pool asks for what Linear cannot do."""
    if spec.filter is not None:
        raise Misconfigured(
            "FilterUnsupported",
            "spec.board.filter: Linear has no query language for it; take it out and use spec.board.label.",
        )
    if columns.count(spec.columns.ready) > 1:
        raise Misconfigured(
            "ColumnTwice", f"The ready column {spec.columns.ready!r} also has another meaning in spec.board.columns."
        )


async def check_team(http: LinearClient, spec: pool.Board, states: States, columns: Sequence[str]) -> None:
    """See that team, states and label are there: one request. Raises Misconfigured, and as `LinearClient.query`."""
    variables = {"team": spec.board, "label": spec.label, "withLabel": spec.label is not None}
    found = await http.query(f"read team {spec.board}", queries.STATES, variables)
    teams = found["teams"]["nodes"]
    states.learn(teams)
    if teams[0]["archivedAt"]:
        raise Misconfigured("BoardClosed", f"Linear's team {spec.board} is archived: restore it.")
    for name in columns:
        states.known(name)
    if spec.label is not None and not found["issueLabels"]["nodes"]:
        raise Misconfigured(
            "LabelMissing", f"Linear has no label {spec.label!r}: make it, or name another one in spec.board.label."
        )


async def check_writing(http: LinearClient) -> None:
    """See that the key may write: a change of an issue that is not there is refused, but without the right to write for
    another reason.

    Raises PermissionMissing, whose message names the permission, and what else `LinearClient.change` raises.
    """
    try:
        await http.change("write issues", queries.MOVE, {"id": _NOBODY, "input": {}})
    except (NotFound, Rejected):
        return

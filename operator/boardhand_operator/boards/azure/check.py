"""Whether a pool's Azure board is well described, and its token may do what it must."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from boardhand_api import pool
from boardhand_operator.boards.azure.columns import Columns
from boardhand_operator.boards.azure.items import Items
from boardhand_operator.boards.azure.log import Json
from boardhand_operator.errors import Misconfigured, NotFound, Rejected
from boardhand_operator.http.transport import segment
from boardhand_operator.vendors.azure.client import AzureClient

_RULES = 400


def check_spec(spec: pool.Board, columns: Sequence[str]) -> None:
    """Raise Misconfigured where the ready column has a second meaning."""
    if columns.count(spec.columns.ready) > 1:
        raise Misconfigured(
            "ColumnTwice", f"The ready column {spec.columns.ready!r} also has another meaning in spec.board.columns."
        )


async def project_of(http: AzureClient, spec: pool.Board, project: str) -> Json:
    """The project. Raises Misconfigured where there is none, and what `AzureClient.get` raises."""
    try:
        found: Json = await http.get(f"read project {project}", f"/_apis/projects/{segment(project)}")
    except NotFound as failed:
        raise Misconfigured(
            "BoardMissing",
            f"Azure DevOps has no project {project!r} that the token in Secret {spec.secret_name} may see: "
            "correct spec.board.board, or give the token's account access.",
        ) from failed
    if found.get("state", "wellFormed") != "wellFormed":
        raise Misconfigured("BoardClosed", f"Project {project} is {found['state']}: it takes no work.")
    return found


async def check_columns(spec: pool.Board, columns: Columns, names: Sequence[str]) -> None:
    """See that these columns are there. Raises Misconfigured, and what `AzureClient.get` raises."""
    try:
        await columns.refresh()
    except NotFound as failed:
        raise Misconfigured(
            "BoardMissing",
            f"Azure DevOps has no board {spec.board} that the token in Secret {spec.secret_name} may see: correct "
            f"the team in spec.board.board ({failed.message}).",
        ) from failed
    for name in names:
        columns.known(name)


async def check_filter(fitting: Callable[[], Awaitable[object]]) -> None:
    """See that the pool's filter is a condition of WIQL. fitting: asks with it. Raises Misconfigured."""
    try:
        await fitting()
    except Rejected as refused:
        raise Misconfigured(
            "FilterWrong",
            f"spec.board.filter is no condition of WIQL, such as [System.IterationPath] UNDER 'shop\\Sprint 1': "
            f"{refused.message}",
        ) from refused


async def check_writing(items: Items, columns: Columns, ready: str) -> None:
    """See that token and account may write: a work item is validated and not made.

    Raises PermissionMissing, whose message names the scope, and what else `AzureClient.send` raises.
    """
    for kind in columns.kind.types(ready)[:1]:
        try:
            await items.try_to_make(kind)
        except Rejected as refused:
            # A field that the project wants is missing: who gets so far may write.
            if refused.status != _RULES:
                raise

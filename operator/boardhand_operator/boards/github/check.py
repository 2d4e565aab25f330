"""Whether a pool's GitHub board is well described, and its credentials may do what they must."""

from __future__ import annotations

from boardhand_api import pool
from boardhand_operator.boards.github.log import Json
from boardhand_operator.boards.github.repository import Repository
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing


def owner_and_name(spec: pool.Board) -> tuple[str, str]:
    """The two parts of `spec.board.board`. Raises Misconfigured."""
    owner, _, name = spec.board.partition("/")
    if not owner or not name or "/" in name:
        raise Misconfigured(
            "BoardMalformed",
            f"spec.board.board is {spec.board!r}: for GitHub it is owner/repository, such as team/shop.",
        )
    return owner, name


def check_filter(spec: pool.Board, instead: str) -> None:
    """Raise Misconfigured where the pool has a filter. instead: what to use."""
    if spec.filter is not None:
        raise Misconfigured(
            "FilterUnsupported", f"spec.board.filter: GitHub's boards take none; take it out and use {instead}."
        )


async def check_repository(at: Repository, spec: pool.Board) -> Json:
    """See that the repository is there, under this name, with its issues. Raises Misconfigured, and as `Client.get`."""
    secret = spec.secret_name
    try:
        found: Json = await at.http.get(f"read repository {spec.board}", at.root)
    except NotFound as failed:
        raise Misconfigured(
            "BoardMissing",
            f"GitHub has no repository {spec.board} that the credentials in Secret {secret} may see: "
            "correct spec.board.board, or give them access to it.",
        ) from failed
    if found["full_name"].casefold() != spec.board.casefold():
        raise Misconfigured(
            "BoardMoved", f"Repository {spec.board} is {found['full_name']} now: write that into spec.board.board."
        )
    if found.get("archived") or found.get("disabled"):
        raise Misconfigured("BoardClosed", f"Repository {spec.board} is archived or disabled: nothing can be written.")
    if not found.get("has_issues", True):
        raise Misconfigured("IssuesOff", f"Repository {spec.board} has no issues: switch them on in its settings.")
    return found


async def check_writing(at: Repository) -> None:
    """See that the credentials may write issues: no comment has the number 0, so nothing is changed.

    Raises PermissionMissing, and what else `Client.send` raises.
    """
    try:
        await at.http.send("PATCH", "write issues", f"{at.root}/issues/comments/0", {"body": "-"})
    except NotFound:
        return


def check_role(repository: Json, hint: str) -> None:
    """Raise PermissionMissing where the account may not put labels on issues. repository: as it is shown to it."""
    rights = repository.get("permissions") or {}
    if not (rights.get("triage") or rights.get("push")):
        sentence = f"the account has no more than the role read in {repository['full_name']}. {hint}"
        raise PermissionMissing("GitHub", "write issues", sentence)

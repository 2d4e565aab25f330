"""Whether a pool's Gitea board is well described, and its token may do what it must."""

from __future__ import annotations

from boardhand_api import pool
from boardhand_operator.errors import Misconfigured, NotFound, Rejected
from boardhand_operator.http.transport import Client
from boardhand_operator.vendors.gitea.pages import Json


def owner_and_name(spec: pool.Board) -> tuple[str, str]:
    """The two parts of `spec.board.board`. Raises Misconfigured."""
    owner, _, name = spec.board.partition("/")
    if not owner or not name or "/" in name:
        raise Misconfigured(
            "BoardMalformed",
            f"spec.board.board is {spec.board!r}: for Gitea it is owner/repository, such as team/shop.",
        )
    return owner, name


def server(spec: pool.Board) -> str:
    """The server's address, with or without the API's path in the spec. Raises Misconfigured where there is none."""
    if spec.url is None:
        raise Misconfigured(
            "UrlMissing", "spec.board.url is missing: give the address of your Gitea, such as https://git.example.com."
        )
    return spec.url.rstrip("/").removesuffix("/api/v1")


async def check_repository(http: Client, root: str, spec: pool.Board) -> None:
    """See that the repository is there, and its issues. Raises Misconfigured, and what `Client.get` raises."""
    try:
        found: Json = await http.get(f"read repository {spec.board}", root)
    except NotFound as failed:
        raise Misconfigured(
            "BoardMissing",
            f"Gitea has no repository {spec.board} that the token in Secret {spec.secret_name} may see: "
            "correct spec.board.board, or give the token's account access.",
        ) from failed
    if found.get("archived"):
        raise Misconfigured("BoardClosed", f"Repository {spec.board} is archived: unarchive it.")
    if not found.get("has_issues", True) or found.get("external_tracker"):
        raise Misconfigured(
            "IssuesOff", f"Repository {spec.board} has no issues of its own: switch them on in its settings."
        )


def check_filter(spec: pool.Board) -> None:
    """Raises Misconfigured: Gitea has no query language for issues."""
    if spec.filter is not None:
        raise Misconfigured(
            "FilterUnsupported", "spec.board.filter is not for Gitea: leave it out, and use spec.board.label."
        )


async def check_writing(http: Client, root: str) -> None:
    """See that token and account may write issues: a label without a name is refused, but only then.

    Raises PermissionMissing, whose message names the scope, and what else `Client.send` raises.
    """
    try:
        await http.send("POST", "write issues", f"{root}/labels", {"name": "", "color": ""})
    except Rejected:
        return

"""Whether a pool's GitLab board is well described, and its token may do what it must."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_api import pool
from boardhand_operator.boards.labels import Labels
from boardhand_operator.errors import Misconfigured
from boardhand_operator.vendors.gitlab.client import Json, project_path

_WORDS = ("none", "any")
"""Labels of these names cannot be asked for: they mean issues without, and with any label."""


def check_spec(spec: pool.Board) -> None:
    """See that nothing is asked of GitLab that it has not. Raises Misconfigured."""
    if spec.filter is not None:
        raise Misconfigured(
            "FilterUnsupported",
            "spec.board.filter: GitLab has no query language; take it out, and use spec.board.label.",
        )


def path_of(spec: pool.Board) -> str:
    """The project's path. Raises Misconfigured where `spec.board.board` is none."""
    path = project_path(spec.board)
    if path is None:
        raise Misconfigured(
            "BoardMalformed",
            f"spec.board.board is {spec.board!r}: for GitLab it is the project's path, group/project or "
            "group/subgroup/project.",
        )
    return path


def check_project(found: Json) -> None:
    """See that the project and its issues are open. Raises Misconfigured."""
    name = found["path_with_namespace"]
    if found.get("archived"):
        raise Misconfigured("BoardClosed", f"Project {name} is archived: unarchive it.")
    if found.get("issues_access_level") == "disabled" or found.get("issues_enabled") is False:
        raise Misconfigured("IssuesOff", f"Project {name} has issues switched off: switch them on in its settings.")


async def check_columns(spec: pool.Board, labels: Labels, columns: Sequence[str]) -> None:
    """See that there are labels of these names, and the pool's own. Raises Misconfigured, and as `Client.get`."""
    await labels.check(spec, columns, "GitLab")
    for name in columns:
        if name.lower() in _WORDS:
            raise Misconfigured(
                "ColumnMalformed",
                f"GitLab cannot be asked for label {name!r}, which means issues with any or with no label: rename it.",
            )

"""The pull-request template, where Azure itself looks for one.

Source: https://learn.microsoft.com/en-us/azure/devops/repos/git/pull-request-templates
"""

from __future__ import annotations

from collections.abc import Iterator

from boardhand_operator.errors import NotFound
from boardhand_operator.forges.azure.at import At, Json

BYTES = 16_384
_FOLDERS = ("/.azuredevops", "/.vsts", "/docs", "/")
_NAME = "pull_request_template"
_KINDS = (".md", ".txt")


async def read(at: At) -> str | None:
    """That of the pool's branch, or else the one for all; from the repository's default branch, as Azure does."""
    there = {path.casefold(): path for path in await _paths(at)}
    for wanted in _wanted(at.branch):
        if path := there.get(wanted.casefold()):
            found = await at.http.get(f"read {path}", f"{at.root}/items", {"path": path, "includeContent": "true"})
            return str(found.get("content") or "").encode()[:BYTES].decode(errors="ignore")
    return None


def _wanted(branch: str) -> Iterator[str]:
    """Places, the most particular leading: for the branch features/pay those of features/pay, then of features."""
    parts = branch.split("/")
    names = [f"{_NAME}/branches/{'/'.join(parts[:length])}" for length in range(len(parts), 0, -1)]
    for name in (*names, _NAME):
        for folder in _FOLDERS:
            for kind in _KINDS:
                yield f"{folder.rstrip('/')}/{name}{kind}"


async def _paths(at: At) -> list[str]:
    """The files that could be one. `docs` may hold much, so only what is directly in it is looked at."""
    found: list[str] = []
    folders = {one["path"].casefold(): one["path"] for one in await _below(at, "/") if one.get("isFolder")}
    for folder in _FOLDERS:
        if folder != "/" and folder not in folders:
            continue
        here = await _below(at, folders.get(folder, "/"))
        found += [one["path"] for one in here if not one.get("isFolder")]
        for one in here:
            if one.get("isFolder") and one["path"].rpartition("/")[2].casefold() == _NAME:
                found += [each["path"] for each in await _below(at, one["path"], "full") if not each.get("isFolder")]
    return found


async def _below(at: At, folder: str, depth: str = "oneLevel") -> list[Json]:
    params = {"scopePath": folder, "recursionLevel": depth}
    try:
        return await at.values(f"list {folder}", f"{at.root}/items", params)
    except NotFound:
        return []

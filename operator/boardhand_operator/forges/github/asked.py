"""Labels and reviewers of a pull request, added to those that it has."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.forges.github.at import At, Json
from boardhand_operator.http.transport import segment

TEAM = "team/"
"""A reviewer that begins so is a team of the repository's organisation."""


async def label(at: At, found: Json, labels: Sequence[str]) -> None:
    """Add those that it lacks and that the repository has: GitHub would make the others up."""
    has = {one["name"].casefold() for one in found["labels"]}
    wanted = [name for name in labels if name.casefold() not in has and await known(at, name)]
    if wanted:
        path = f"{at.root}/issues/{found['number']}/labels"
        await at.http.send("POST", f"label pull request {found['number']}", path, {"labels": wanted})


async def known(at: At, name: str) -> bool:
    """Whether the repository has a label of this name."""
    try:
        await at.http.get(f"read label {name}", f"{at.root}/labels/{segment(name)}")
    except NotFound:
        return False
    return True


async def request(at: At, found: Json, reviewers: Sequence[str]) -> None:
    """Ask those who were not asked, and have not reviewed it. Whom GitHub does not take any more is left out."""
    asked = {one["login"].casefold() for one in found.get("requested_reviewers") or ()}
    asked |= {f"{TEAM}{one['slug']}".casefold() for one in found.get("requested_teams") or ()}
    wanted = [name for name in reviewers if name.casefold() not in asked]
    if not wanted:
        return
    reviews = await at.all(f"read the reviews of {found['number']}", f"/pulls/{found['number']}/reviews")
    done = {review["user"]["login"].casefold() for review in reviews if review["user"]}
    wanted = [name for name in wanted if name.casefold() not in done]
    if wanted and not await _taken(at, found["number"], wanted):
        for name in wanted:
            await _taken(at, found["number"], [name])


async def _taken(at: At, number: int, names: Sequence[str]) -> bool:
    """Ask these; whether GitHub takes them: it refuses all of them for one."""
    try:
        await _request(at, number, names)
    except Rejected:
        return False
    return True


async def _request(at: At, number: int, names: Sequence[str]) -> None:
    people = [name for name in names if not name.startswith(TEAM)]
    teams = [name.removeprefix(TEAM) for name in names if name.startswith(TEAM)]
    body = {key: value for key, value in (("reviewers", people), ("team_reviewers", teams)) if value}
    path = f"{at.root}/pulls/{number}/requested_reviewers"
    await at.http.send("POST", f"ask {', '.join(names)} to review {number}", path, body)

"""Labels and reviewers of Gitea's pull requests: added to those it has."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.forges.gitea.at import At
from boardhand_operator.forges.gitea.check import who_may_review
from boardhand_operator.vendors.gitea.pages import Json


async def label(at: At, pull: Json, names: Sequence[str]) -> None:
    """Put these labels on; one that the repository has not is left out. No request where it bears them."""
    missing = set(names) - {found["name"] for found in pull["labels"] or ()}
    if not missing:
        return
    ids = await at.pages.labels()
    wanted = [ids[name] for name in names if name in missing and name in ids]
    if wanted:
        number = pull["number"]
        path = f"{at.root}/issues/{number}/labels"
        await at.http.send("POST", f"label pull request {number}", path, {"labels": wanted})


async def request(at: At, pull: Json, names: Sequence[str]) -> None:
    """Ask these for a review; who may not be asked, opened it or reviewed it already, is left out. No request where
    they are asked."""
    asked = {user["login"].lower() for user in (pull.get("requested_reviewers") or ()) if user}
    asked.add((pull.get("user") or {}).get("login", "").lower())
    if {name.lower() for name in names} <= asked:
        return
    number, path = pull["number"], f"{at.pulls}/{pull['number']}"
    reviews = await at.pages.all(f"read the reviews of pull request {number}", f"/pulls/{number}/reviews")
    asked |= {(review.get("user") or {}).get("login", "").lower() for review in reviews}
    there = await who_may_review(at)
    wanted = [there[name.lower()] for name in names if name.lower() in there.keys() - asked]
    if wanted:
        operation = f"ask for reviews of pull request {number}"
        await at.http.send("POST", operation, f"{path}/requested_reviewers", {"reviewers": wanted})

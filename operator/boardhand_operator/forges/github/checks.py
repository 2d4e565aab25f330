"""What CI says of a commit: check runs, and the older commit statuses, together.

Sources: https://docs.github.com/rest/checks/runs , https://docs.github.com/rest/commits/statuses
"""

from __future__ import annotations

from boardhand_operator.forges.github.at import PAGE, At, Json
from boardhand_operator.http.transport import segment
from boardhand_operator.reviews import Check, CheckState

_PASSED = ("success", "neutral", "skipped")


async def read(at: At, commit: str) -> list[Check]:
    """The newest of each name, by name. Raises PermissionMissing where the credentials may not read one of them."""
    path, operation = f"{at.root}/commits/{segment(commit)}", f"read the checks of {commit[:10]}"
    runs = await _all(at, operation, f"{path}/check-runs", "check_runs")
    statuses = await _all(at, operation, f"{path}/status", "statuses")
    found = {one.name: one for one in map(_of_status, sorted(statuses, key=lambda one: int(one["id"])))}
    found |= {one.name: one for one in map(_of_run, sorted(runs, key=lambda one: int(one["id"])))}
    return sorted(found.values(), key=lambda one: one.name)


async def _all(at: At, operation: str, path: str, what: str) -> list[Json]:
    return [one async for page in at.http.pages(operation, path, PAGE) for one in page[what]]


def _of_run(found: Json) -> Check:
    if found["status"] != "completed":
        state = CheckState.RUNNING
    else:
        state = CheckState.PASSED if found["conclusion"] in _PASSED else CheckState.FAILED
    return Check(found["name"], state, found["html_url"] or found["details_url"] or "")


def _of_status(found: Json) -> Check:
    state = {"success": CheckState.PASSED, "pending": CheckState.RUNNING}.get(found["state"], CheckState.FAILED)
    return Check(found["context"], state, found["target_url"] or "")

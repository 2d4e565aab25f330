"""What CI says of a commit at Gitea: the statuses of it."""

from __future__ import annotations

from boardhand_operator.forges.gitea.at import At
from boardhand_operator.http.transport import PAGES, segment
from boardhand_operator.reviews import Check, CheckState
from boardhand_operator.vendors.gitea.pages import Json, endless

_STATES = {
    "success": CheckState.PASSED,
    "skipped": CheckState.PASSED,
    "warning": CheckState.PASSED,
    "pending": CheckState.RUNNING,
    "error": CheckState.FAILED,
    "failure": CheckState.FAILED,
}


async def read(at: At, commit: str) -> list[Check]:
    """See `Forge.checks`: one request for fifty. A state that Gitea learnt since is taken for one that runs."""
    operation, path = f"read the checks of commit {commit}", f"{at.root}/commits/{segment(commit)}/status"
    size, found = await at.pages.size(), dict[str, Json]()
    for page in range(1, PAGES + 1):
        answer: Json = await at.http.get(operation, path, {"page": str(page), "limit": str(size)})
        newest = answer.get("statuses") or []
        found |= {status["context"]: status for status in newest}
        if len(newest) < size:
            break
    else:
        raise endless(operation)
    return [
        Check(name, _STATES.get(status["status"], CheckState.RUNNING), status.get("target_url") or "")
        for name, status in found.items()
    ]

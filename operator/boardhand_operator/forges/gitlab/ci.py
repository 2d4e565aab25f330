"""What CI says of a commit: jobs of GitLab's own pipelines, and what others report.

Source: https://docs.gitlab.com/api/commits/#list-commit-statuses
"""

from __future__ import annotations

from boardhand_operator.http.transport import segment
from boardhand_operator.reviews import Check, CheckState
from boardhand_operator.vendors.gitlab.client import Json, Project

_PASSED, _FAILED = ("success", "skipped"), ("failed", "canceled")
_OVER = (*_FAILED, "manual")


async def read(project: Project, commit: str) -> list[Check]:
    """The newest of each name, by name."""
    operation, path = f"read the checks of {commit[:10]}", f"/repository/commits/{segment(commit)}/statuses"
    found = sorted(await project.all(operation, path), key=lambda one: int(one["id"]))
    return sorted({one["name"]: _check(one) for one in found}.values(), key=lambda one: one.name)


def _check(found: Json) -> Check:
    return Check(found["name"], _state(found["status"], bool(found.get("allow_failure"))), found["target_url"] or "")


def _state(status: str, may_fail: bool) -> CheckState:
    """A job that may fail, or waits for somebody who need not come, holds nothing up."""
    if status in _PASSED or (may_fail and status in _OVER):
        return CheckState.PASSED
    return CheckState.FAILED if status in _FAILED else CheckState.RUNNING

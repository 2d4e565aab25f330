"""Pure: what the history has of a run, as the page of a run shows one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from boardhand_dashboard.views.runview import RunView, view_of
from boardhand_history.models import PastRun
from boardhand_history.queries import Told


def view_of_past(told: Told) -> RunView:
    """As if its object were still there."""
    row, detail = told.run, told.detail
    said: Mapping[str, Any] = detail.said
    status = {
        "phase": row.phase,
        "tries": row.tries,
        "startedAt": _time(row.started_at),
        "finishedAt": _time(row.finished_at),
        "branch": row.branch,
        "commit": row.commit,
        "title": detail.title,
        "summary": detail.summary,
        "usage": {
            "money": None if row.money is None else str(row.money),
            "promptTokens": row.prompt_tokens,
            "completionTokens": row.completion_tokens,
            "seconds": row.seconds,
        },
        "failure": _failure(row),
        "pullRequest": _pull_request(row),
        **{name: said.get(name) for name in ("verdict", "evidence", "stages")},
    }
    meta = {
        "name": row.name,
        "namespace": row.namespace,
        "uid": row.uid,
        "creationTimestamp": _time(row.created_at),
    }
    ticket = {"id": row.ticket_id, "key": row.ticket_key, "title": row.ticket_title, "url": row.ticket_url}
    spec = {"pool": row.pool, "task": row.task, "attempt": row.attempt, "ticket": ticket}
    return view_of({"metadata": meta, "spec": spec, "status": status})


def _failure(row: PastRun) -> Mapping[str, Any] | None:
    if row.failure_class is None:
        return None
    return {"class": row.failure_class, "reason": row.failure_reason, "message": row.failure_message}


def _pull_request(row: PastRun) -> Mapping[str, Any] | None:
    if row.pull_request_url is None:
        return None
    return {"url": row.pull_request_url, "number": row.pull_request_number, "state": row.pull_request_state}


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else ""

"""Pure: a finished TicketRun as rows of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boardhand_api.counts import printable
from boardhand_api.result import Usage
from boardhand_api.run_status import PullRequest, TicketRunStatus
from boardhand_api.taming import on_one_line
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Misconfigured
from boardhand_operator.views import Run

Json = Mapping[str, Any]
LINE, URL, TEXT = 1_024, 2_048, 20_000
"""So many characters of a line, an address and a text are kept."""
_LARGEST = 2**53


@dataclass(frozen=True)
class Entry:
    """What is written of a run but its texts."""

    run: Mapping[str, Any]
    """Columns of `runs`."""
    detail: Mapping[str, Any]
    """Columns of `details`, without the uid."""
    job: str
    """The Job of its last try; empty where none was made."""
    pushed: bool
    """Whether there is a diff to look for."""

    @property
    def uid(self) -> str:
        return str(self.run["uid"])

    @property
    def where(self) -> tuple[str, str]:
        """Namespace and name."""
        return str(self.run["namespace"]), str(self.run["name"])

    @property
    def finished_at(self) -> datetime:
        moment: datetime = self.run["finished_at"]
        return moment


def finished(body: Json) -> bool:
    """Whether the run has ended and everything was delivered."""
    return (body.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Cancelled")


def entry_of(body: Json, board: str = "") -> Entry:
    """The rows of a finished run. board: the type of its pool's. Raises Misconfigured for one that cannot be read."""
    run = Run.of(body)
    status = run.status
    columns = _named(run, board) | _outcome(status) | _pull_request(status.pull_request) | _used(status.usage)
    columns["words"] = words(columns)
    said = {
        "verdict": status.verdict.wire() if status.verdict else None,
        "evidence": status.evidence.wire() if status.evidence else None,
        "stages": [stage.wire() for stage in status.stages],
    }
    detail = {"title": line(status.title), "summary": printable(status.summary or "")[:TEXT], "said": _clean(said)}
    return Entry(columns, detail, status.job or "", status.commit is not None)


def words(columns: Mapping[str, Any]) -> str:
    """What of a run is searched: ticket, run, branch and failure, in small letters."""
    parts = ("ticket_key", "ticket_title", "name", "branch", "failure_message")
    return "\n".join(str(columns[part]) for part in parts if columns[part]).casefold()


def line(text: str | None, most: int = LINE) -> str:
    """Text on one line, without what steers a terminal or a database refuses (NUL, lone surrogates)."""
    return on_one_line(text or "")[:most]


def _named(run: Run, board: str) -> dict[str, Any]:
    meta, ticket = run.body["metadata"], run.spec.ticket
    created = _moment(str(meta["creationTimestamp"]))
    status = run.status
    return {
        "uid": str(meta["uid"]),
        "version": str(meta["resourceVersion"]),
        "namespace": run.namespace,
        "name": run.name,
        "pool": run.spec.pool,
        "board": board,
        "ticket_id": line(ticket.id),
        "ticket_key": line(ticket.key),
        "ticket_title": line(ticket.title),
        "ticket_url": line(ticket.url, URL),
        "task": run.spec.task.value,
        "attempt": run.spec.attempt,
        "tries": status.tries,
        "created_at": created,
        "started_at": _moment(status.started_at) if status.started_at else None,
        "finished_at": _moment(status.finished_at) if status.finished_at else created,
    }


def _outcome(status: TicketRunStatus) -> dict[str, Any]:
    failure, verdict = status.failure, status.verdict
    tests = verdict.tests if verdict else None
    return {
        "phase": status.phase.value,
        "failure_class": failure.failure_class.value if failure else None,
        "failure_reason": line(failure.reason) if failure else None,
        "failure_message": line(failure.message) if failure else None,
        "passed": verdict.passed if verdict else None,
        "tests_ran": min(tests.ran, _LARGEST) if tests else None,
        "tests_failed": min(tests.failed, _LARGEST) if tests else None,
        "specialist": line(status.specialist) or None,
        "branch": line(status.branch) or None,
        "commit": line(status.commit) or None,
    }


def _pull_request(opened: PullRequest | None) -> dict[str, Any]:
    return {
        "pull_request_url": line(opened.url, URL) if opened else None,
        "pull_request_number": max(0, min(opened.number, _LARGEST)) if opened else None,
        "pull_request_state": opened.state.value if opened else None,
        "pull_request_head": line(opened.head) or None if opened else None,
        "merged_at": _moment(opened.merged_at) if opened and opened.merged_at else None,
    }


def _used(usage: Usage | None) -> dict[str, Any]:
    used = usage or Usage()
    return {
        "money": used.money,
        "prompt_tokens": used.prompt_tokens,
        "cached_tokens": used.cached_tokens,
        "completion_tokens": used.completion_tokens,
        "seconds": used.seconds,
    }


def _moment(text: str) -> datetime:
    """Raises Misconfigured for what Python takes for no time, or for one without a zone."""
    try:
        at = parse_time(text)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise Misconfigured("StatusUnreadable", f"{text[:40]!r} is no time with a zone")
    return at


def _clean(value: Any) -> Any:
    """JSON whose texts a database takes, and a page can show."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _clean(inner) for key, inner in value.items()}
        case list():
            return [_clean(inner) for inner in value]
    return value

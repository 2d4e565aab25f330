"""What earlier attempts at a ticket leave to the next one: pure."""

from __future__ import annotations

from collections.abc import Iterable

from boardhand_api.counts import OUTPUT_CHARACTERS, printable
from boardhand_api.run import Earlier
from boardhand_operator.decide.outcome import attempt_spent
from boardhand_operator.views import Run

TOLD = 3
"""Of so many attempts, the last ones, the next is told."""
_SUMMARY = 4000
_CUT = " […]"


def lessons(runs: Iterable[Run]) -> list[Earlier]:
    """What the last finished runs of a ticket tell, the newest last: those that spent an attempt or say something."""
    finished = [run for run in runs if run.status.phase.finished and _tells(run)]
    finished.sort(key=lambda run: (str(run.status.finished_at), run.name))
    return [_lesson(run) for run in finished[-TOLD:]]


def _tells(run: Run) -> bool:
    status = run.status
    return attempt_spent(status) or bool(status.summary or (status.verdict and status.verdict.output))


def _lesson(run: Run) -> Earlier:
    """Bounded whatever stands in the status: an object that is too large would be refused."""
    status, failure, verdict = run.status, run.status.failure, run.status.verdict
    found = status.evidence.tampering if status.evidence else []
    return Earlier(
        attempt=run.spec.attempt,
        failure_class=failure.failure_class if failure else None,
        reason=_short(failure.reason if failure else "", 64),
        message=_short(failure.message if failure else "", 1000),
        specialist=_short(status.specialist or "", 32),
        summary=_short(status.summary or "", _SUMMARY),
        output=printable((verdict.output if verdict else None) or "")[-OUTPUT_CHARACTERS:],
        tampering=[_short(f"{one.kind} {one.path} {one.detail}".strip(), 400) for one in found if not one.asked][:12],
        branch=_short(status.branch or "", 250),
        pull_request=_short(status.pull_request.url if status.pull_request else "", 2048),
    )


def _short(text: str, most: int) -> str:
    text = printable(text)
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT

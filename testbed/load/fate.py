"""What becomes of a simulated pod: how each of its stages ends, in the words that real stages use. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from boardhand_api.events import DiffPiece, Ended
from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Refusal, Result, Usage, termination_message

FATE_ANNOTATION = "testbed.boardhand.dev/fate"
"""JSON: stage to its end. A stage that is not in it is never left."""
PUBLISH_ANNOTATION = "testbed.boardhand.dev/publish"
"""JSON: the end of the publish stage, once the branch was pushed."""
BASE_COMMIT = "b" * 40


@dataclass(frozen=True)
class StageEnd:
    """How a container ends."""

    message: str = ""
    """Its termination message."""
    exit_code: int = 0


@dataclass(frozen=True)
class Fate:
    """How each stage ends, and what stands last in the agent's log. A stage without an end runs for ever."""

    ends: dict[Stage, StageEnd] = field(default_factory=dict)
    result: Result | None = None
    """None: the agent's log is gone."""
    diff: str = ""
    """What the publish stage prints of its change."""

    def annotation(self) -> str:
        """All but publish, which ends when its push is done."""
        return json.dumps({stage: told(end) for stage, end in self.ends.items() if stage is not Stage.PUBLISH})

    def log(self) -> str | None:
        """The agent's log."""
        if self.result is None:
            return None
        return Ended(at=datetime.now(UTC).isoformat(), result=self.result).model_dump_json(by_alias=True) + "\n"

    def publish_log(self) -> str | None:
        """The publish stage's log; None where it has no diff."""
        piece = DiffPiece(event="diff", number=1, of=1, text=self.diff)
        return f"{piece.model_dump_json(by_alias=True)}\n" if self.diff else None


def told(end: StageEnd) -> dict[str, str | int]:
    """A stage's end as the templates of kwok's stages read it."""
    return {"exitCode": end.exit_code, "message": end.message, "reason": "Error" if end.exit_code else "Completed"}


def commit_of(order: Order) -> str:
    """The commit that a simulated agent makes: the same for the same run, so a second try pushes the same."""
    return hashlib.sha1(f"{order.run} {order.branch}".encode(), usedforsecurity=False).hexdigest()


def green(order: Order) -> Fate:
    """Everything succeeds: one test ran and passed."""
    commit = commit_of(order)
    result = Result(
        specialist="coder",
        base_commit=BASE_COMMIT,
        commit=commit,
        title=f"Simulated work on {order.ticket.title}"[:300],
        summary="A simulated agent did this; nothing was written.",
        usage=Usage(prompt_tokens=1000, completion_tokens=100, seconds=0.3),
        steps=3,
    )
    verified = "command 1 exit 0 seconds 1\nsummary 1 passed in 0.01s\n"
    return Fate(
        {
            Stage.CHECKOUT: StageEnd(termination_message(Checked(base_commit=BASE_COMMIT))),
            Stage.AGENT: StageEnd(termination_message(result)),
            Stage.PUBLISH: StageEnd(termination_message(Published(branch=order.branch, commit=commit))),
            Stage.VERIFY: StageEnd(verified),
        },
        result,
    )


def red(order: Order) -> Fate:
    """All but the verdict: a test failed."""
    ends = green(order).ends | {
        Stage.VERIFY: StageEnd("command 1 exit 1 seconds 1\nsummary 1 failed in 0.01s\n", exit_code=1)
    }
    return Fate(ends, green(order).result)


def refused(order: Order, failure: FailureClass, reason: str, message: str = "") -> Fate:
    """The agent stage gives up with this class, and nothing is published."""
    result = Result(
        base_commit=BASE_COMMIT, failure=Refusal(failure_class=failure, reason=reason, message=message), steps=1
    )
    checkout = green(order).ends[Stage.CHECKOUT]
    agent = StageEnd(termination_message(result), exit_code_of(failure))
    return Fate({Stage.CHECKOUT: checkout, Stage.AGENT: agent}, result)

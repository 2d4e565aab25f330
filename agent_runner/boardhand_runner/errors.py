"""Every way a stage can end without what it was for. The tree:

RunnerError                a stage ends; `failure_class` decides what happens next
├── Infrastructure         node, network, model server: tried again
├── Configuration          the pool must be mended
├── Budget                 money, tokens or steps are used up
├── Deadline               the run took too long
├── Stuck                  no progress in spite of every nudge
├── Refused                a policy forbids it
├── NeedsInfo              a question only a person can answer
├── Red                    the verify commands failed
└── Cancelled              a person stopped the run
ToolError                  one tool call failed: the model reads the message, the stage goes on
"""

from __future__ import annotations

from typing import ClassVar

from boardhand_api.failures import FailureClass
from boardhand_api.result import Refusal
from boardhand_runner.texts import encodable

REASON_CHARACTERS = 64
MESSAGE_CHARACTERS = 1000


class RunnerError(Exception):
    """A stage ends: `reason` is one CamelCase word for programs, `message` one sentence for people."""

    failure_class: ClassVar[FailureClass]

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{self.failure_class}/{reason}: {message}")
        self.reason = reason
        self.message = message

    def refusal(self) -> Refusal:
        """The error as a stage's answer carries it, cut to what the answer may hold."""
        return Refusal(
            failure_class=self.failure_class,
            reason=self.reason[:REASON_CHARACTERS],
            message=encodable(self.message)[:MESSAGE_CHARACTERS],
        )


class Infrastructure(RunnerError):
    failure_class = FailureClass.INFRASTRUCTURE


class Configuration(RunnerError):
    failure_class = FailureClass.CONFIGURATION


class Budget(RunnerError):
    failure_class = FailureClass.BUDGET


class Deadline(RunnerError):
    failure_class = FailureClass.DEADLINE


class Stuck(RunnerError):
    failure_class = FailureClass.STUCK


class Refused(RunnerError):
    failure_class = FailureClass.REFUSED


class NeedsInfo(RunnerError):
    failure_class = FailureClass.NEEDS_INFO


class Red(RunnerError):
    failure_class = FailureClass.RED


class Cancelled(RunnerError):
    failure_class = FailureClass.CANCELLED


class ToolError(Exception):
    """One tool call failed. The message is written for the model: what is wrong, and what to do instead."""

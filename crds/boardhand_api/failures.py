"""The classes a failure can have, and the exit code with which a stage says so.

The class decides what happens next, so it must survive a lost log and a lost termination message: the exit code,
which the kubelet records, carries it.
"""

from __future__ import annotations

from enum import StrEnum


class FailureClass(StrEnum):
    """Why a run did not end in a proven change. No class is ever reported as another."""

    INFRASTRUCTURE = "Infrastructure"
    """Not the ticket's fault: node, network, model server. Retried with back-off; no attempt is spent."""
    CONFIGURATION = "Configuration"
    """The pool must be mended: image, credentials, verify command. The pool goes not Ready."""
    BUDGET = "Budget"
    """Money, tokens or steps are used up."""
    DEADLINE = "Deadline"
    """The run took longer than its deadline."""
    STUCK = "Stuck"
    """The agent made no progress in spite of every nudge."""
    REFUSED = "Refused"
    """A policy forbids what the run was about to do."""
    NEEDS_INFO = "NeedsInfo"
    """The agent asks a question that only a person can answer."""
    RED = "Red"
    """The verify commands failed."""
    CANCELLED = "Cancelled"
    """A person stopped the run."""


LIMITS = frozenset({FailureClass.BUDGET, FailureClass.DEADLINE})
"""Classes of a run that one of its limits ended: with these, unfinished work may be handed over as a draft."""

_EXIT_CODES = {
    FailureClass.INFRASTRUCTURE: 40,
    FailureClass.CONFIGURATION: 41,
    FailureClass.BUDGET: 42,
    FailureClass.DEADLINE: 43,
    FailureClass.STUCK: 44,
    FailureClass.REFUSED: 45,
    FailureClass.NEEDS_INFO: 46,
    FailureClass.RED: 47,
    FailureClass.CANCELLED: 48,
}
_CLASSES = {code: cls for cls, code in _EXIT_CODES.items()}


def exit_code_of(failure: FailureClass) -> int:
    """The exit code with which a stage of ours reports this class (40 to 48)."""
    return _EXIT_CODES[failure]


def class_of_exit_code(code: int) -> FailureClass:
    """The class a stage of ours reported by this non-zero exit code.

    Any code outside the table is the program or its surroundings breaking down, such as 137 (killed, usually for
    memory): Infrastructure. The verify stage does not use this table: there every non-zero code is `Red`.
    """
    return _CLASSES.get(code, FailureClass.INFRASTRUCTURE)

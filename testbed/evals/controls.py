"""Trajectories of a task as scripts for the stand-in: the right one, and those that must never pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from testbed.evals.tasks import Task
from testbed.model.scripts import Script, Step, ToolCall

RIGHT = "right"
FINISH = "finish"
DONE = Step(calls=(ToolCall(name=FINISH, arguments={"summary": "The ticket is done."}),))
CLAIM = Step(
    say="Everything is done.",
    calls=(
        ToolCall(
            name=FINISH,
            arguments={"summary": "The ticket is done. I ran the whole test suite, and every test passes."},
        ),
    ),
)
LOOP = Step(calls=(ToolCall(name="read_file", arguments={"path": "README.md"}),))
EVERYTHING = "."
"""The ticket of a script that is the only one."""


def trajectories(task: Task) -> Mapping[str, tuple[Step, ...]]:
    """Steps by the case's name: `right` and seven negative controls."""
    controls = task.controls
    return {
        RIGHT: ended(task.right),
        "noop": (DONE,),
        "wrong": ended(controls.wrong),
        "deletion": ended(controls.deletion),
        "skip": ended(controls.skip),
        "hollow": ended(controls.hollow),
        "claim": claimed(controls.wrong),
        "loop": (LOOP,),
    }


def ended(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, with a finish after them unless they have one at their end."""
    return (*steps,) if _finishes(steps[-1]) else (*steps, DONE)


def claimed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps without any command, then the claim that all was run."""
    kept = [
        step.model_copy(update={"calls": calls})
        for step in steps
        if not _finishes(step) and (calls := tuple(call for call in step.calls if call.name != "run"))
    ]
    return (*kept, CLAIM)


def _finishes(step: Step) -> bool:
    return any(call.name == FINISH for call in step.calls)


def script(steps: Sequence[Step], specialist: str, title: str) -> Script:
    """What the stand-in plays: the last step for ever, and the small model's two answers."""
    return Script(
        name="case",
        ticket=EVERYTHING,
        answers={
            "Route": {"specialist": specialist, "reason": "So the script says."},
            "PullRequestText": {"title": title[:72], "why": "See the change."},
        },
        steps=tuple(steps),
    )

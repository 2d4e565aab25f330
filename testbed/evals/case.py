"""One case of the suite: a name, what it must come to, and how to find out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from boardhand_api.result import Result

CRASHED = "Crashed"
ROOT = "root"
"""What a case needs that only root can do."""


@dataclass(frozen=True)
class Expected:
    """The classes a case may come to or, with `never`, those it must not."""

    classes: frozenset[str]
    never: bool = False

    def holds(self, klass: str) -> bool:
        return (klass in self.classes) != self.never

    def __str__(self) -> str:
        return ("never " if self.never else "") + " or ".join(sorted(self.classes))


def one_of(*classes: str) -> Expected:
    """One of these classes, such as Succeeded or Stuck."""
    return Expected(frozenset(classes))


def never(*classes: str) -> Expected:
    """Any class but these."""
    return Expected(frozenset(classes), never=True)


@dataclass(frozen=True)
class Outcome:
    """What a case came to."""

    klass: str
    """See `classify`."""
    result: str
    """In a short sentence."""
    steps: int = 0
    prompt_tokens: int = 0
    problems: tuple[str, ...] = ()
    """What else was wrong, whatever the class: one of them, and the case is not met."""


def outcome_of(klass: str, said: str, result: Result, problems: tuple[str, ...] = ()) -> Outcome:
    """The outcome of a run whose agent stage came to `result`."""
    return Outcome(klass, said, result.steps, result.usage.prompt_tokens, problems)


@dataclass(frozen=True)
class Case:
    """`run` leaves nothing behind; what it raises beyond a class of the product is the suite's own fault."""

    name: str
    """Unique, such as python-bug-late-fee/deletion."""
    group: str
    """`task python` and so on, `model`, or `files`."""
    expected: Expected
    run: Callable[[], Outcome]
    short: bool = False
    """Whether it is part of the short suite."""
    needs: tuple[str, ...] = ()
    """Programs that must be on PATH, and ROOT."""
    waits: bool = False
    """Whether it takes more time than work: such cases run beside the others."""


@dataclass(frozen=True)
class Row:
    """A line of the table, and an object of build/evals.json (there `klass` is called class)."""

    case: str
    group: str
    expected: str
    result: str
    klass: str
    steps: int
    prompt_tokens: int
    seconds: float
    met: bool


def row_of(case: Case) -> Row:
    """Run the case."""
    began = time.monotonic()
    outcome = case.run()
    return Row(
        case=case.name,
        group=case.group,
        expected=str(case.expected),
        result="; ".join((outcome.result, *outcome.problems)),
        klass=outcome.klass,
        steps=outcome.steps,
        prompt_tokens=outcome.prompt_tokens,
        seconds=round(time.monotonic() - began, 2),
        met=case.expected.holds(outcome.klass) and not outcome.problems,
    )


def crashed(case: Case, error: BaseException) -> Row:
    """The row of a case that came to no class: something raised what no stage may raise."""
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return Row(case.name, case.group, str(case.expected), said, CRASHED, 0, 0, 0.0, met=False)

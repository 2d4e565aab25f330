"""What was seen of the tests, bounded for the result and for people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from boardhand_api.evidence import FINDINGS, NAME_CHARACTERS, NAMES, Evidence, Finding, Names
from boardhand_runner.evidence.asked import asked_for
from boardhand_runner.evidence.compare import Measured
from boardhand_runner.evidence.tampering import Kind, Tampering

WORDS = {
    Kind.DELETED: "deleted test",
    Kind.SKIPPED: "skipped test",
    Kind.WEAKENED: "test without its assertions",
    Kind.VERIFY: "changed test configuration",
    Kind.CI: "changed CI file",
}
_PATH_CHARACTERS, _WHY_CHARACTERS = 200, 200


@dataclass(frozen=True)
class Trial:
    """Whether the change's tests fail on the base's sources."""

    new: Sequence[str] = ()
    """The tests that the change adds or changes."""
    fails: bool | None = None
    failures: Collection[str] = ()
    why: str = ""
    """Why it is not known."""


@dataclass(frozen=True)
class Judged:
    """Tampering, and whether the ticket asks for it."""

    what: Tampering
    asked: bool

    @property
    def text(self) -> str:
        """One line for the model."""
        detail = f": {self.what.detail}" if self.what.detail else ""
        return f"{WORDS[self.what.kind]}: {self.what.path}{detail}"


def judge(ticket: str, found: Sequence[Tampering]) -> list[Judged]:
    """Each finding with the ticket's word on it; what nobody asked for comes first."""
    return sorted((Judged(one, asked_for(ticket, one)) for one in found), key=lambda one: one.asked)


def evidence_of(
    before: Measured | None,
    after: Measured | None,
    flaky: Collection[str],
    trial: Trial,
    found: Sequence[Judged],
    clean: Callable[[str], str] = str,
) -> Evidence:
    """All of it in the vocabulary's words. `clean` takes secrets out of a text."""
    still = before.report.failed & after.report.failed if before and after else frozenset[str]()
    return Evidence(
        baseline_green=before.green if before else None,
        before=_names(still, clean),
        new=_names(trial.new, clean),
        fails_on_base=trial.fails,
        base_failures=_names(trial.failures, clean),
        why_not_shown=trial.why[:_WHY_CHARACTERS],
        flaky=_names(flaky, clean),
        tampering=[
            Finding(
                kind=one.what.kind.value,
                path=clean(one.what.path)[:_PATH_CHARACTERS],
                detail=clean(one.what.detail)[:NAME_CHARACTERS],
                asked=one.asked,
            )
            for one in found[:FINDINGS]
        ],
    )


def _names(names: Collection[str], clean: Callable[[str], str]) -> Names:
    return Names(count=len(names), first=[clean(name)[:NAME_CHARACTERS] for name in sorted(names)[:NAMES]])

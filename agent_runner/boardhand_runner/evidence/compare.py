"""What two measurements of the same tests say together. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from boardhand_runner.evidence.reports import TestReport


@dataclass(frozen=True)
class Measured:
    """One round of the verify commands, as far as tests are concerned."""

    green: bool
    """Every command ended with 0."""
    last: int
    """Which command was the last to run, from 0: the one that failed where the round is not green."""
    ran: int | None
    """Tests that ran; None where no count is known."""
    report: TestReport


def no_new_failure(before: Measured, after: Measured) -> bool:
    """Whether a red round is as red as the one before the change, told by names.

    The same command fails, by tests that are named and all failed before; none that passed before is missing, and where
    counts are known no fewer tests ran.
    """
    if before.green or after.green or before.last != after.last or not after.report.failed:
        return False
    missing = before.report.passed - after.report.passed - after.report.skipped if after.report.passed else frozenset()
    fewer = before.ran is not None and (after.ran is None or after.ran < before.ran)
    return after.report.failed <= before.report.failed and not missing and not fewer


def flaky_names(first: TestReport, again: TestReport) -> frozenset[str]:
    """Tests that failed in one round and not in the other, over the same files."""
    return first.failed ^ again.failed


def base_shown(baseline: Measured | None, trial: Measured) -> tuple[bool | None, frozenset[str], str]:
    """Whether new tests fail on the base's sources, by which failures, and else why it is not known.

    trial: the round with the change's tests over the base's sources.
    """
    if trial.green:
        return False, frozenset(), ""
    if baseline is None or baseline.green:
        return True, trial.report.failed, ""
    new = trial.report.failed - baseline.report.failed
    if new and baseline.report.failed:
        return True, new, ""
    return None, frozenset(), "the verify commands failed on the base anyway, and no new failure has a name"

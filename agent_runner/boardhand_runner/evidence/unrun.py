"""Tests that ran before the change and do not any more, told by the runner's names. Pure.

Beside what the sources show: a condition inside a test, a list of tests in a main function, a target of the build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from boardhand_api.result import TestCounts
from boardhand_runner.evidence.change import FileChange, TestCase, is_test_file
from boardhand_runner.evidence.compare import Measured
from boardhand_runner.evidence.faked import WHOLE
from boardhand_runner.evidence.tampering import Kind, Tampering
from boardhand_runner.evidence.testcases import test_cases

NAMES = 50
"""More tests than this are not named."""


def unrun(
    before: Measured, after: Measured, changes: Sequence[FileChange], found: Sequence[Tampering]
) -> list[Tampering]:
    """Tests that passed, and are skipped or missing now. `found` is what the sources say: it is not said again."""
    skipped, gone = before.report.passed & after.report.skipped, _gone(before, after)
    if not skipped and not gone:
        return []
    tests = [change for change in changes if is_test_file(change.path) or change.path.endswith(".rs")]
    old = [case for change in tests for case in test_cases(change.path, change.before)]
    new = [case for change in tests for case in test_cases(change.path, change.after)]
    if len(new) < len(old) or any(one.kind is Kind.DELETED for one in found):
        gone = frozenset()
    if any(one.kind is Kind.SKIPPED and all(case.name != one.detail for case in old) for one in found):
        # A mark on several tests at once.
        skipped = frozenset()
    told = [(Kind.SKIPPED, name) for name in sorted(skipped)[:NAMES]]
    told += [(Kind.DELETED, name) for name in sorted(gone)[:NAMES] if not _group(name, tests)]
    known = {one.detail for one in found}
    return [
        Tampering(kind, *_place(name, new)) for kind, name in told if not any(_is(name, detail) for detail in known)
    ]


def fewer(
    before: TestCounts | None, after: TestCounts | None, changes: Sequence[FileChange], found: Sequence[Tampering]
) -> list[Tampering]:
    """Whether fewer tests are counted although the changed files have no fewer: a file or a class that has a name which
    the runner does not look for, a test that is overwritten or made a fixture. `found` would explain it."""
    tests = [change for change in changes if is_test_file(change.path)]
    if before is None or after is None or found or all(change.before is None for change in tests):
        return []
    lost = before.ran + before.skipped - after.ran - after.skipped
    old = [case for change in tests for case in test_cases(change.path, change.before)]
    new = [case for change in tests for case in test_cases(change.path, change.after)]
    if lost <= 0 or len(new) < len(old) or any(case.parametrised for case in old):
        return []
    return [Tampering(Kind.DELETED, WHOLE, f"{lost} fewer than before are counted, and no file has fewer")]


def _gone(before: Measured, after: Measured) -> frozenset[str]:
    """Names that are not reported any more, where fewer tests are: a rename alone changes no number."""
    there = after.report.passed | after.report.failed | after.report.skipped
    if not after.report.passed or _number(before, after) >= 0:
        return frozenset()
    bases = {_plain(name) for name in there}
    return frozenset(name for name in before.report.passed - there if _plain(name) not in bases)


def _plain(name: str) -> str:
    """Without what tells one run of a parametrised test, or a subtest, from the others."""
    place, _, test = name.rpartition("::")
    plain = re.split(r"[(\[]", test, maxsplit=1)[0].rstrip()
    return f"{place}::{plain.partition('/')[0] if test.startswith(('Test', 'Fuzz')) else plain}"


def _number(before: Measured, after: Measured) -> int:
    """How many more tests there are than before, by the runner's counts or, without them, by names."""
    one, other = before.report, after.report
    more = len(other.skipped) - len(one.skipped)
    if before.ran is not None and after.ran is not None:
        return after.ran - before.ran + more
    return len(other.passed | other.failed) - len(one.passed | one.failed) + more


def _group(name: str, tests: Sequence[FileChange]) -> bool:
    """Whether it is the name of a group of tests, which are tests of their own."""
    form = re.compile(rf"\b(?:describe|suite|context)\b[^\n'\"`]{{0,40}}['\"`]{re.escape(name)}['\"`]")
    return any(form.search(change.before or "") for change in tests)


def _place(name: str, cases: Sequence[TestCase]) -> tuple[str, str]:
    """Path and test; the runner's name where the changed files do not have it."""
    return next(((case.path, case.name) for case in cases if _is(name, case.name)), (name, ""))


def _is(name: str, test: str) -> bool:
    """Whether the runner's name is that of a test in the sources."""
    return bool(test) and any(
        one == test or (one.endswith(test) and not (one[-len(test) - 1].isalnum() or one[-len(test) - 1] == "_"))
        for one in (name, _plain(name))
    )

"""Green that no test runner said: runs whose end the change itself decides. Pure.

Code under test runs inside the runner's process, so it can end that with any exit code. What shows is caught here; code
that imitates a runner's own words without any of these signs is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from boardhand_api.result import TestCounts
from boardhand_runner.evidence.change import FileChange
from boardhand_runner.evidence.tampering import Kind, Tampering

WHOLE = "the whole change"
"""In place of a path: no file shows it."""
_ENDS = re.compile(
    r"\bos\._exit\b|\bos\.abort\s*\(|\breallyExit\b|\.halt\s*\(|\bsyscall\.Exit\s*\(|\bquick_exit\s*\("
    r"|(?<![\w.])_[eE]xit\s*\("
)
"""Ends a process at once, past everything that would report on its tests."""


def faked(before: TestCounts | None, after: TestCounts | None, changes: Sequence[FileChange]) -> list[Tampering]:
    """Why a run that ended with 0 is not to be believed: what was counted `before` and `after` the change."""
    return [*_counted(before, after), *_ending(changes)]


def _counted(before: TestCounts | None, after: TestCounts | None) -> Iterator[Tampering]:
    if before and before.ran and after is None:
        yield Tampering(Kind.VERIFY, WHOLE, "the verify commands report no test any more")
    if after and after.failed and not (before and before.failed):
        yield Tampering(Kind.VERIFY, WHOLE, "the verify commands end with 0 while tests fail")


def _ending(changes: Sequence[FileChange]) -> Iterator[Tampering]:
    for change in changes:
        if len(_ENDS.findall(change.after or "")) > len(_ENDS.findall(change.before or "")):
            yield Tampering(Kind.VERIFY, change.path, "ends the process that runs the tests")

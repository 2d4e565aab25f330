"""Green that no test runner said."""

from __future__ import annotations

import pytest

from boardhand_api.result import TestCounts
from boardhand_runner.evidence.change import FileChange
from boardhand_runner.evidence.faked import WHOLE, faked

ONE = TestCounts(ran=1)
RED = TestCounts(ran=1, failed=1)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (ONE, ONE, []),
        (None, None, []),
        (ONE, None, ["the verify commands report no test any more"]),
        (TestCounts(ran=0), None, []),
        (ONE, RED, ["the verify commands end with 0 while tests fail"]),
        (None, RED, ["the verify commands end with 0 while tests fail"]),
        (RED, RED, []),
    ],
)
def test_what_was_counted(before: TestCounts | None, after: TestCounts | None, told: list[str]) -> None:
    assert [(one.path, one.detail) for one in faked(before, after, [])] == [(WHOLE, one) for one in told]


@pytest.mark.parametrize(
    ("source", "ends"),
    [
        ("import os\nos._exit(0)\n", True),
        ("atexit.register(os._exit, 0)\n", True),
        ("Runtime.getRuntime().halt(0);\n", True),
        ("process.reallyExit(0)\n", True),
        ("_exit(0);\n", True),
        ("sys.exit(0)\n", False),
        ("self._exit(0)\n", False),
        ("def on_exit():\n    pass\n", False),
    ],
)
def test_code_that_ends_the_runner(source: str, ends: bool) -> None:
    found = faked(ONE, ONE, [FileChange("shop.py", "x = 1\n", source)])
    assert [one.path for one in found] == (["shop.py"] if ends else [])
    assert not faked(ONE, ONE, [FileChange("shop.py", source, source + "x = 1\n")])

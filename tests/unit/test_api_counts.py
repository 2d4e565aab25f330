"""Test counts in what real test runners print, and the verify stage's message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.counts import CommandOutcome, count_tests, parse_verify_message
from boardhand_api.result import TestCounts

OUTPUTS = {
    "pytest": ("...F\n===== 1 failed, 3 passed, 2 skipped, 1 warning in 0.12s =====\n", (4, 1, 2)),
    "pytest -q": ("....\n4 passed in 0.01s\n", (4, 0, 0)),
    "pytest in colour": (
        "\x1b[32m===== \x1b[1m5 passed\x1b[0m\x1b[32m in 1.20s\x1b[0m\x1b[32m =====\x1b[0m",
        (5, 0, 0),
    ),
    "pytest long": ("== 10 passed, 1 xfailed, 2 errors, 1 rerun in 75.02s (0:01:15) ==", (13, 2, 0)),
    "pytest none": ("==== no tests ran in 0.00s ====\n", (0, 0, 0)),
    "pytest deselected": ("==== 7 deselected in 0.02s ====\n", (0, 0, 0)),
    "unittest": ("..s\n-----\nRan 3 tests in 0.001s\n\nOK (skipped=1)\n", (2, 0, 1)),
    "unittest red": ("Ran 4 tests in 0.001s\n\nFAILED (failures=1, errors=1)\n", (4, 2, 0)),
    "unittest none": ("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n", (0, 0, 0)),
    "surefire": (
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.05 s -- in demo.PriceTest\n"
        "[INFO] Results:\n[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\n"
        "[ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 2\n",
        (5, 2, 2),
    ),
    "surefire none": ("[INFO] No tests to run.\n", (0, 0, 0)),
    "go -v": (
        "=== RUN TestA\n--- PASS: TestA (0.00s)\n    --- PASS: TestA/x\n--- FAIL: TestB (0.1s)\nFAIL\tdemo\t0.1s",
        (2, 1, 0),
    ),
    "go": ("ok  \tdemo\t0.003s\n?   \tdemo/x\t[no test files]\n", None),
    "go none": ("?   \tdemo/x\t[no test files]\nok  \tdemo\t0.003s [no tests to run]\n", (0, 0, 0)),
    "cargo": (
        "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n"
        "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.0s\n",
        (4, 1, 1),
    ),
    "jest": ("Test Suites: 1 failed, 1 total\nTests:       1 failed, 2 skipped, 3 passed, 6 total\n", (4, 1, 2)),
    "jest none": ("No tests found, exiting with code 0\n", (0, 0, 0)),
    "vitest": (" Test Files  2 passed (2)\n      Tests  1 failed | 5 passed | 1 skipped (7)\n", (6, 1, 1)),
    "mocha": ("  Price\n    ✔ adds\n\n  5 passing (10ms)\n  1 pending\n  2 failing\n", (7, 2, 1)),
    "mocha none": ("  0 passing (1ms)\n", (0, 0, 0)),
    "node": (
        "TAP version 13\nok 1 - a\n1..1\n# tests 3\n# suites 0\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 0",
        (3, 1, 0),
    ),
    "node spec": ("✔ a (0.5ms)\nℹ tests 1\nℹ pass 1\nℹ fail 0\n", (1, 0, 0)),
    "tap": ("1..4\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no net\nnot ok 4 # TODO\n", (2, 1, 2)),
    "tap none": ("1..0 # SKIP\n", (0, 0, 0)),
    "two runs": ("== 3 passed in 0.1s ==\n== 2 failed in 0.1s ==\n", (5, 2, 0)),
    "a build": ("Compiling demo v0.1\nok, done\nFinished in 2.5s\n", None),
    "a linter": ("34 files checked in 0.12s\nOK\n", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_each_runners_output_is_counted(name: str) -> None:
    output, expected = OUTPUTS[name]
    found = count_tests(output)
    assert (found and (found.ran, found.failed, found.skipped)) == expected


def test_windows_line_ends_are_no_matter() -> None:
    assert count_tests("Ran 1 test in 0.001s\r\n\r\nOK\r\n") == TestCounts(ran=1)


def test_a_message_names_commands_and_sums_the_tests_of_verify_commands() -> None:
    message = (
        "setup 1 exit 0 seconds 12\ncommand 1 exit 0 seconds 3\nsummary == 3 passed in 0.1s ==\n"
        "command 2 exit 1 seconds 70\nsummary go test: 4 passed, 1 failed, 2 skipped\n"
        "summary TAP: 1 passed, 0 failed, 0 skipped\n"
    )
    outcomes, tests = parse_verify_message(message)
    assert outcomes == [
        CommandOutcome(setup=True, index=1, exit_code=0, seconds=12),
        CommandOutcome(index=1, exit_code=0, seconds=3),
        CommandOutcome(index=2, exit_code=1, seconds=70),
    ]
    assert tests == TestCounts(ran=9, failed=1, skipped=2)


def test_a_message_cut_at_its_head_counts_what_is_whole() -> None:
    outcomes, tests = parse_verify_message(
        "ary == 9 passed in 1s ==\nsummary == 3 passed in 0.1s ==\ncommand 2 exit 0 seconds 1\nsummary 2 passed in 1s\n"
    )
    assert [outcome.index for outcome in outcomes] == [2]
    assert tests == TestCounts(ran=2)


@pytest.mark.parametrize(
    "line", ["command 1 exit 999 seconds 1", "command 0 exit 0 seconds 1", "command 1 exit -1 seconds 1"]
)
def test_impossible_outcomes_are_left_out(line: str) -> None:
    assert parse_verify_message(line) == ([], None)


FRAGMENTS = st.sampled_from(
    [
        *(line for output, _ in OUTPUTS.values() for line in output.split("\n")),
        "command 1 exit 0 seconds 1",
        "summary ",
        "9" * 400,
        " " * 400,
        "=" * 300 + " 1 passed" * 50,
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=60)), st.sampled_from(["\n", "", " ", "\nsummary ", "\x1b["]))
def test_any_text_is_read_without_an_error(parts: list[str], between: str) -> None:
    text = between.join(parts)
    for counts in (count_tests(text), parse_verify_message(text)[1]):
        assert counts is None or min(counts.ran, counts.failed, counts.skipped) >= 0

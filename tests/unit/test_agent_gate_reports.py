"""Test reports by name: what runners print and write, hostile documents among it, and what two rounds say together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_runner.evidence.compare import Measured, base_shown, flaky_names, no_new_failure
from boardhand_runner.evidence.junit import DEPTH, read_junit
from boardhand_runner.evidence.reports import TestReport, read_output, report_of

OUTPUTS = {
    "pytest": (
        "tests/a.py::test_a PASSED [ 10%]\ntests/a.py::test_c[x y] SKIPPED (no)\n== short test summary info ==\n"
        "FAILED tests/a.py::test_b[1] - assert 1 == 2\nERROR tests/b.py - ImportError\n",
        {"tests/a.py::test_a"},
        {"tests/a.py::test_b[1]", "tests/b.py"},
        {"tests/a.py::test_c[x y]"},
    ),
    "unittest": (
        "test_a (t.A.test_a) ... ok\ntest_c (t.A.test_c) ... skipped 'x'\nFAIL: test_b (t.A.test_b)\n",
        {"test_a (t.A.test_a)"}, {"test_b (t.A.test_b)"}, {"test_c (t.A.test_c)"},
    ),
    "go -v": (
        "=== RUN   TestA\n--- PASS: TestA (0.00s)\n    --- FAIL: TestB/one (0.01s)\n--- FAIL: TestB (0.01s)\n"
        "--- SKIP: TestC (0.00s)\n",
        {"TestA"}, {"TestB", "TestB/one"}, {"TestC"},
    ),
    "go -json": (
        '{"Action":"run","Package":"p","Test":"A"}\n{"Action":"pass","Package":"p","Test":"A"}\n'
        '{"Action":"fail","Package":"p","Test":"B"}\n{"Action":"skip","Package":"p","Test":"C"}\n{"Action":"fail","Package":"p"}\n',
        {"p::A"}, {"p::B"}, {"p::C"},
    ),
    "cargo": (
        "test tests::a ... ok\ntest tests::b ... FAILED\ntest tests::c ... ignored, slow\n"
        "test tests::d - should panic ... ok\n",
        {"tests::a", "tests::d"}, {"tests::b"}, {"tests::c"},
    ),
    "maven": (
        "[ERROR] com.x.CalcTest.adds -- Time elapsed: 0.01 s <<< FAILURE!\n[ERROR] com.x.CalcTest.subs(int)[1]  "
        "Time elapsed: 0.01 s  <<< ERROR!\n[ERROR] Tests run: 2, Failures: 1, Errors: 1, Skipped: 0\n",
        set(), {"com.x.CalcTest.adds", "com.x.CalcTest.subs(int)[1]"}, set(),
    ),
    "jest": (
        "  ✓ adds (3 ms)\n  ✕ subs (1 ms)\n  ○ skipped muls\n\x1b[31m  ● sum › subs\x1b[0m\n",
        {"adds"}, {"subs", "sum › subs"}, {"skipped muls"},
    ),
    "node": ("✔ adds (0.5ms)\n✖ subs (1.2ms)\n﹣ muls (0.1ms)\n", {"adds"}, {"subs"}, {"muls"}),
    "tap": (
        "1..4\nok 1 - adds\nnot ok 2 - subs\nok 3 - muls # SKIP no\nnot ok 4 divs # TODO later\n",
        {"adds"}, {"subs"}, {"muls", "divs"},
    ),
    "gtest": (
        "[ RUN      ] S.A\n[       OK ] S.A (0 ms)\n[  FAILED  ] S.B (1 ms)\n[  SKIPPED ] S.C (0 ms)\n",
        {"S.A"}, {"S.B"}, {"S.C"},
    ),
    "ctest": (
        "1/3 Test #1: a ..........   Passed    0.01 sec\n2/3 Test #2: b ...***Failed    0.01 sec\n"
        "3/3 Test #3: c ........***Skipped   0.0 sec\n4/3 Test #4: d ......Subprocess aborted***Exception:   0.0 sec\n"
        "5/3 Test #5: e .......***Exception: SegFault  0.1 sec\n6/3 Test #6: f ...***Not Run (Disabled)   0.0 sec\n"
        "7/3 Test #7: g ...***Not Run   0.0 sec\n",
        {"a"}, {"b", "d", "e", "g"}, {"c", "f"},
    ),
    "nothing": ("make: *** [all] Error 1\nPASSED: all is well\nok, done\n", set(), set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("runner", OUTPUTS)
def test_names_in_what_a_runner_prints(runner: str) -> None:
    text, passed, failed, skipped = OUTPUTS[runner]
    report = read_output(text)
    assert (set(report.passed), set(report.failed), set(report.skipped)) == (passed, failed, skipped)
    assert bool(report) is bool(passed or failed or skipped)


def test_a_test_that_failed_once_has_failed() -> None:
    assert read_output("ok 1 - a\nnot ok 2 - a\n") == TestReport(failed=frozenset({"a"}))
    both = TestReport(passed=frozenset("ab")).plus(TestReport(failed=frozenset("b"), skipped=frozenset("ac")))
    assert both == TestReport(frozenset("a"), frozenset("b"), frozenset("c"))


JUNIT = b"""<?xml version="1.0"?><testsuites><testsuite name="s">
<testcase classname="a.B" name="ok"/><testcase classname="a.B" name="bad"><failure>no</failure></testcase>
<testcase name="broken"><error/></testcase><testcase classname="a.B" name="off"><skipped/></testcase>
<testcase classname="a.B" name="both"><failure/><skipped/></testcase></testsuite></testsuites>"""


def test_junit_xml() -> None:
    assert report_of(read_junit(JUNIT)) == TestReport(
        frozenset({"a.B::ok"}), frozenset({"a.B::bad", "broken", "a.B::both"}), frozenset({"a.B::off"})
    )


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite><testcase name="a"/></testsuite>',
        b"<testsuite>" + b"<testcase name='a'>" * (DEPTH + 1),
        b"<testsuite><testcase name='a'/>",
        b"\x00\xff\xfe",
        b"<?xml version='1.0' encoding='no-such'?><testsuite/>",
        b"",
    ],
)
def test_hostile_or_broken_documents_report_nothing(document: bytes) -> None:
    assert list(read_junit(document)) == []


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: f"<testcase name='{text}'/>".encode("utf-8", "replace"))
)
def test_no_document_raises(document: bytes) -> None:
    assert all(outcome in ("passed", "failed", "skipped") for _, outcome in read_junit(document))


@given(st.lists(st.sampled_from([text for text, *_ in OUTPUTS.values()]) | st.text(max_size=50)).map("\n".join))
def test_outcomes_never_overlap(text: str) -> None:
    report = read_output(text)
    assert not report.passed & report.failed
    assert not (report.passed | report.failed) & report.skipped


def measured(green: bool, passed: str = "", failed: str = "", last: int = 0, ran: int | None = None) -> Measured:
    return Measured(green, last, ran, TestReport(frozenset(passed), frozenset(failed)))


@pytest.mark.parametrize(
    ("before", "after", "fine"),
    [
        (measured(False, "ab", "xy"), measured(False, "abn", "xy"), True),
        (measured(False, "ab", "xy"), measured(False, "abx", "y"), True),
        (measured(False, "", "xy", ran=4), measured(False, "", "x", ran=5), True),
        (measured(False, "ab", "xy"), measured(False, "b", "xy"), False),
        (measured(False, "ab", "x"), measured(False, "ab", "xz"), False),
        (measured(False, "ab", "x"), measured(False, "ab", ""), False),
        (measured(False, "", "xy", ran=4), measured(False, "", "x", ran=3), False),
        (measured(False, "", "xy", ran=4), measured(False, "", "x"), False),
        (measured(False, "", "x", last=0), measured(False, "", "x", last=1), False),
        (measured(True, "ab"), measured(False, "a", "b"), False),
        (measured(False), measured(False), False),
    ],
)
def test_no_new_failure_is_told_by_names(before: Measured, after: Measured, fine: bool) -> None:
    assert no_new_failure(before, after) is fine


def test_flaky_is_what_failed_once_and_not_again() -> None:
    first, again = TestReport(failed=frozenset("ab")), TestReport(failed=frozenset("bc"))
    assert flaky_names(first, again) == frozenset("ac")


def test_whether_new_tests_fail_on_base() -> None:
    assert base_shown(measured(True), measured(True))[0] is False
    assert base_shown(measured(True), measured(False, failed="n")) == (True, frozenset("n"), "")
    assert base_shown(measured(True), measured(False))[0] is True
    assert base_shown(measured(False, failed="x"), measured(False, failed="xn")) == (True, frozenset("n"), "")
    shown, names, why = base_shown(measured(False, failed="x"), measured(False, failed="x"))
    assert (shown, names) == (None, frozenset())
    assert why

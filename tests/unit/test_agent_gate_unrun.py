"""Tests that ran before the change and do not any more are named, whatever the sources look like."""

from __future__ import annotations

import pytest

from boardhand_api.result import TestCounts
from boardhand_runner.evidence.change import FileChange
from boardhand_runner.evidence.compare import Measured
from boardhand_runner.evidence.reports import TestReport
from boardhand_runner.evidence.tampering import Kind, Tampering, tampering
from boardhand_runner.evidence.unrun import fewer, unrun

MAIN = """\
static void test_adds() { CHECK(add(1, 2) == 3); }
static void test_subtracts() { CHECK(sub(7, 2) == 5); }
static const Test tests[] = {
    {"adds", test_adds},
    {"subtracts", test_subtracts},
};
"""
GO = "package sum\n\nfunc TestAdds(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal()\n\t}\n}\n"
JS = "describe('sum', () => {\n  it('adds', () => { expect(add(1, 2)).toBe(3); });\n});\n"


def measured(passed: str, skipped: str = "", ran: int | None = None) -> Measured:
    report = TestReport(frozenset(filter(None, passed.split(","))), frozenset(), frozenset(skipped.split()))
    return Measured(True, 0, ran, report)


def named(before: Measured, after: Measured, *changes: FileChange) -> list[Tampering]:
    return unrun(before, after, changes, tampering(changes))


def test_a_test_that_main_leaves_out_is_gone() -> None:
    change = FileChange("tests/sum_test.cpp", MAIN, MAIN.replace('    {"adds", test_adds},\n', ""))
    assert tampering([change]) == []
    assert named(measured("adds,subtracts"), measured("subtracts"), change) == [Tampering(Kind.DELETED, "adds")]


def test_a_test_that_the_build_leaves_out_is_gone() -> None:
    change = FileChange("CMakeLists.txt", "foreach(area sum queue)\n", "foreach(area sum)\n")
    assert named(measured("sum,queue"), measured("sum"), change) == [Tampering(Kind.DELETED, "queue")]


def test_a_condition_in_the_body_skips() -> None:
    change = FileChange(
        "sum_test.go", GO, GO.replace("\tif add", '\tif os.Getenv("ALL") == "" {\n\t\tt.Skip()\n\t}\n\tif add')
    )
    before, after = measured("example.com/sum::TestAdds"), measured("", "example.com/sum::TestAdds")
    assert tampering([change]) == []
    assert named(before, after, change) == [Tampering(Kind.SKIPPED, "sum_test.go", "TestAdds")]


@pytest.mark.parametrize("mark", ["it.skip('adds'", "it('adds', { skip: true }"])
def test_what_the_sources_show_is_not_said_twice(mark: str) -> None:
    change = FileChange("sum.test.js", JS, JS.replace("it('adds'", mark).replace("}, ,", "},"))
    assert named(measured("adds,others"), measured("others", "adds"), change) == []


def test_a_group_that_is_skipped_is_one_finding() -> None:
    change = FileChange("sum.test.js", JS, JS.replace("describe(", "describe.skip("))
    assert len(tampering([change])) == 1
    assert named(measured("adds,others"), measured("others", "adds"), change) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (measured("tests/test_a.py::test_x"), measured("tests/test_b.py::test_x")),
        (measured("a.py::test_x[1],a.py::test_x[2],a.py::test_y"), measured("a.py::test_x[1],a.py::test_y")),
        (measured("TestX,TestX/one,TestX/two"), measured("TestX,TestX/three")),
        (measured("sum,adds"), measured("adds", ran=1)),
        (measured("adds,subtracts", ran=2), measured("a.test.ts (3 tests)", ran=3)),
        (measured("adds,subtracts"), measured("")),
    ],
    ids=["moved", "fewer rows", "subtests", "a group's name", "shown otherwise", "no names"],
)
def test_honest_changes_are_not_named(before: Measured, after: Measured) -> None:
    changes = [FileChange("sum.test.js", JS, JS.replace("'sum'", "'sums'").replace("(1, 2)", "(2, 1)"))]
    assert named(before, after, *changes) == []


def test_a_deletion_that_the_sources_show_is_said_once() -> None:
    change = FileChange("sum_test.go", GO, "package sum\n")
    assert [one.kind for one in tampering([change])] == [Kind.DELETED]
    assert named(measured("TestAdds,TestSubtracts"), measured("TestSubtracts"), change) == []


PYTHON = "class TestSum:\n    def test_adds(self):\n        assert add(1, 2) == 3\n"
PATH = "tests/test_sum.py"


def counted(*changes: FileChange, before: int = 3, after: int = 2, skipped: int = 0) -> list[Tampering]:
    now = TestCounts(ran=after, skipped=skipped)
    return fewer(TestCounts(ran=before), now, changes, tampering(changes))


@pytest.mark.parametrize(
    "after",
    [
        PYTHON.replace("TestSum", "SumCases"),
        PYTHON + "    test_adds = None\n",
        PYTHON + "\ndel TestSum\n",
        PYTHON.replace("    def", "    @pytest.fixture\n    def"),
    ],
)
def test_tests_that_the_runner_does_not_find_any_more_are_missed_by_their_number(after: str) -> None:
    change = FileChange(PATH, PYTHON, after)
    assert tampering([change]) == []
    assert [one.kind for one in counted(change)] == [Kind.DELETED]
    assert counted(change, after=3) == counted(change, skipped=1) == []


def test_a_file_that_the_runner_does_not_look_for_is_missed_by_its_number() -> None:
    moved = [FileChange(PATH, PYTHON, None), FileChange("tests/sum_cases.py", None, PYTHON)]
    assert tampering(moved) == []
    assert "1 fewer" in counted(*moved)[0].detail


def test_a_smaller_number_may_have_an_honest_reason() -> None:
    many = "@pytest.mark.parametrize('n', [1, 2])\ndef test_adds(n):\n    assert add(n, 2) == n + 2\n"
    assert counted(FileChange(PATH, many, many.replace("[1, 2]", "[1]"))) == []
    assert counted(FileChange("app.py", "x = 1\n", "x = 2\n")) == []
    assert counted(FileChange(PATH, None, PYTHON)) == []
    deleted = FileChange(PATH, PYTHON, "x = 1\n")
    assert fewer(TestCounts(ran=3), TestCounts(ran=2), [deleted], []) == []
    assert counted(FileChange(PATH, PYTHON, None), before=0, after=0) == []
    assert fewer(None, TestCounts(ran=2), [FileChange(PATH, PYTHON, PYTHON + "#")], []) == []

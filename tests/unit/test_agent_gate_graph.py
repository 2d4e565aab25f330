"""The gate in the whole graph, on a real repository and workbench: what it lets through, sends back, and tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boardhand_api.evidence import Evidence, Names
from boardhand_api.ticket import Ticket
from tests.support.benches import LIMITS, lay_out
from tests.support.runs import EDIT, FINISH, Run
from tests.support.scripted import calls

pytestmark = pytest.mark.slow

CHECK = """\
. ./total.sh
fails=0
for test in tests/test_*.sh; do
    name=$(basename $test .sh)
    if (. ./$test); then echo "ok 1 - $name"; else echo "not ok 1 - $name"; fails=1; fi
done
echo 1..1
exit $fails
"""
FILES = {
    "total.sh": "total() { echo $1; }\n",
    "check.sh": CHECK,
    "tests/test_echo.sh": 'test "$(total 0)" = 0\n',
}
RED = {**FILES, "tests/test_red.sh": "false\n"}
NEW = calls(("write_file", {"path": "tests/test_double.sh", "content": 'test "$(total 2)" = 4\n'}))
IDLE = calls(("write_file", {"path": "tests/test_idle.sh", "content": "test 1 = 1\n"}))


def remove(path: str) -> Any:
    return calls(("run", {"command": f"rm {path}"}))


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    return Run(lay_out(tmp_path / "run", getattr(request, "param", FILES)))


def seen(run: Run, *answers: Any, **changes: Any) -> tuple[Evidence, bool]:
    result = run([*answers, FINISH], **changes)
    assert result.failure is None
    assert result.evidence is not None
    return result.evidence, result.partial


def test_new_tests_are_shown_to_fail_on_the_base(run: Run) -> None:
    evidence, partial = seen(run, EDIT, NEW)
    assert (partial, run.nudges) == (False, [])
    assert evidence == Evidence(
        baseline_green=True,
        new=Names(count=1, first=["tests/test_double.sh"]),
        fails_on_base=True,
        base_failures=Names(count=1, first=["test_double"]),
    )
    assert run.git("status", "--porcelain") == ""
    assert (run.settings.work / "total.sh").read_text() == "total() { echo $(($1 * 2)); }\n"


@pytest.mark.slow
def test_new_tests_that_show_nothing_are_sent_back_once_and_told(run: Run) -> None:
    evidence, partial = seen(run, EDIT, IDLE)
    assert (partial, run.nudges) == (False, ["PassesOnBase"])
    assert "tests/test_idle.sh" in run.said_to_large(3)
    assert evidence.fails_on_base is False


@pytest.mark.parametrize("run", [RED], indirect=True)
def test_on_a_red_base_no_new_failure_is_enough(run: Run) -> None:
    evidence, partial = seen(run, EDIT, NEW)
    assert (partial, run.nudges) == (False, [])
    assert evidence.baseline_green is False
    assert evidence.before == Names(count=1, first=["test_red"])
    assert (evidence.fails_on_base, evidence.base_failures.first) == (True, ["test_double"])


@pytest.mark.parametrize("run", [RED], indirect=True)
def test_on_a_red_base_a_new_failure_goes_back_by_its_name(run: Run) -> None:
    broken = calls(("write_file", {"path": "tests/test_more.sh", "content": "false\n"}))
    evidence, partial = seen(run, EDIT, broken, FINISH, remove("tests/test_more.sh"))
    assert (partial, run.nudges) == (False, ["VerifyRed"])
    assert "Failing, and not before your change: <tests run-1-" in run.said_to_large(3)
    assert ">\ntest_more\n</tests run-1-" in run.said_to_large(3)
    assert evidence.tampering == []


def test_tampering_goes_back_and_is_no_success_where_it_stays(run: Run) -> None:
    evidence, partial = seen(run, EDIT, remove("tests/test_echo.sh"), NEW)
    assert (partial, run.nudges) == (True, ["Tampering", "Tampering"])
    assert [(one.kind, one.path, one.asked) for one in evidence.tampering] == [
        ("TestDeleted", "tests/test_echo.sh", False)
    ]


LOUD = """\
. ./total.sh
count=0
for test in tests/test_*.sh; do (. ./$test) || exit 1; count=$((count + 1)); done
seq 20000
echo "== $count passed in 0.01s =="
seq 20000
"""


@pytest.mark.parametrize("run", [{**FILES, "check.sh": LOUD, "tests/test_one.sh": "test 1 = 1\n"}], indirect=True)
def test_a_test_under_a_name_that_nobody_looks_for_is_missed_by_the_count(run: Run) -> None:
    evidence, partial = seen(run, EDIT, calls(("run", {"command": "mv tests/test_one.sh tests/one.sh"})))
    assert (partial, run.nudges) == (True, ["Tampering", "Tampering"])
    assert [(one.kind, one.detail[:7]) for one in evidence.tampering] == [("TestDeleted", "1 fewer")]


def test_tampering_that_the_ticket_asks_for_is_only_told(run: Run) -> None:
    ticket = Ticket(id="t", title="Double it", body="Remove tests/test_echo.sh, it is obsolete.")
    evidence, partial = seen(run, EDIT, remove("tests/test_echo.sh"), NEW, ticket=ticket)
    assert (partial, run.nudges) == (False, [])
    assert [one.asked for one in evidence.tampering] == [True]


def test_a_weakened_verify_script_is_tampering(run: Run) -> None:
    weaker = calls(("write_file", {"path": "check.sh", "content": "echo 1..1; echo ok 1 - all\n"}))
    evidence, partial = seen(run, EDIT, weaker)
    assert partial
    assert [one.kind for one in evidence.tampering] == ["VerifyChanged"]


def test_a_flaky_test_is_run_again_and_named(run: Run) -> None:
    flaky = f"test -e {run.settings.home}/once || {{ touch {run.settings.home}/once; false; }}\n"
    added = calls(("write_file", {"path": "tests/test_flaky.sh", "content": flaky}))
    evidence, partial = seen(run, EDIT, NEW, added)
    assert (partial, run.nudges) == (False, [])
    assert evidence.flaky == Names(count=1, first=["test_flaky"])


@pytest.mark.slow
def test_a_pool_may_demand_tests_that_fail_without_the_change(run: Run) -> None:
    evidence, partial = seen(run, EDIT, FINISH, IDLE, FINISH, NEW, tests_must_fail_on_base=True)
    assert (partial, run.nudges) == (False, ["TestsDemanded", "TestsDemanded"])
    assert "the change adds no test" in run.said_to_large(2)
    assert evidence.fails_on_base is True


@pytest.mark.slow
def test_what_a_pool_demands_and_does_not_get_is_a_draft(run: Run) -> None:
    result = run([EDIT, IDLE, FINISH], tests_must_fail_on_base=True)
    assert result.partial
    assert "**Unfinished:** this pool demands tests" in result.summary


NEST = "mkdir nest && cd nest && git init -q && echo x >f"
COMMITTED = NEST + " && git add f && git -c user.name=a -c user.email=a@b commit -q -m x"


@pytest.mark.parametrize("command", [NEST, COMMITTED])
def test_a_repository_within_the_repository_is_named_and_never_lost_without_a_word(run: Run, command: str) -> None:
    result = run([EDIT, NEW, calls(("run", {"command": command})), FINISH])
    assert result.failure is None
    assert run.nudges == ["LeftOut"]
    assert "nest is a Git repository of its own" in run.said_to_large(4)
    assert result.summary.endswith("**Not in this change:** nest is a Git repository of its own.")
    assert "nest" not in run.git("ls-tree", "-r", "--name-only", "HEAD")


def test_a_repository_within_the_repository_that_becomes_a_folder_is_part_of_it(run: Run) -> None:
    steps = [calls(("run", {"command": command})) for command in (NEST, "rm -rf nest/.git")]
    result = run([EDIT, NEW, steps[0], FINISH, steps[1], FINISH])
    assert run.nudges == ["LeftOut"]
    assert "Not in this change" not in result.summary
    assert "nest/f" in run.git("ls-tree", "-r", "--name-only", "HEAD")


def test_a_repository_within_the_repository_is_named_where_a_limit_ended_the_run(run: Run) -> None:
    steps = LIMITS.model_copy(update={"steps": 2})
    result = run([EDIT, calls(("run", {"command": NEST})), FINISH], limits=steps)
    assert result.partial
    assert "**Not in this change:** nest is a Git" in result.summary

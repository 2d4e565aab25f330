"""The proof's script under every POSIX shell that is installed: its exit code is the verdict."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from boardhand_api.counts import NO_TESTS_EXIT, parse_verify_message, parse_verify_output
from boardhand_api.result import TERMINATION_BYTES, TestCounts
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout

SHELLS = {
    name: command
    for name, command in {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}.items()
    if shutil.which(command[0])
}
Verify = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> list[str]:
    return SHELLS[request.param]


@pytest.fixture
def layout(tmp_path: Path) -> Settings:
    layout = Settings(root=tmp_path / "root", termination_log=tmp_path / "termination")
    for folder in (layout.serve, layout.proof, layout.home):
        folder.mkdir(parents=True)
    checkout.place_verify(layout)
    (layout.proof / "app.py").write_text("x = 1\n")
    return layout


def command_line(shell: list[str], layout: Settings, *arguments: str) -> list[str]:
    program = shutil.which(shell[0])
    assert program
    return [program, *shell[1:], str(layout.verify_script), *arguments]


@pytest.fixture
def verify(shell: list[str], layout: Settings) -> Verify:
    def verify(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command_line(shell, layout, *arguments),
            env=os.environ | {"TERMINATION_LOG": str(layout.termination_log), "TMPDIR": str(layout.home)} | environment,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return verify


def test_commands_run_in_order_in_the_proof_and_say_how_they_ended(verify: Verify, layout: Settings) -> None:
    done = verify("1", "echo ready >made", "cat made app.py", "echo '== 3 passed, 1 skipped in 0.10s =='")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "$ echo ready >made",
        "$ cat made app.py",
        "ready",
        "x = 1",
        "$ echo '== 3 passed, 1 skipped in 0.10s =='",
        "== 3 passed, 1 skipped in 0.10s ==",
    ]
    outcomes, tests = parse_verify_message(layout.termination_log.read_text())
    assert [(o.setup, o.index, o.exit_code) for o in outcomes] == [(True, 1, 0), (False, 1, 0), (False, 2, 0)]
    assert tests == TestCounts(ran=3, skipped=1)


@pytest.mark.parametrize("remove", ['rm -rf "$TMPDIR"/*', 'rm -rf "$TMPDIR"'])
def test_no_command_takes_the_next_ones_place_by_removing_its_pipes(
    shell: list[str], layout: Settings, remove: str
) -> None:
    # Set-up runs the change's own code, as does the first of several verify commands.
    environment = {"TERMINATION_LOG": str(layout.termination_log), "TMPDIR": str(layout.home)}
    line = command_line(shell, layout, "1", remove, "touch ran; exit 7")
    with subprocess.Popen(
        line,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        code = process.wait(20)
        # Who waits for the end of a pipe that is gone ends with the container.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert code == 7
    assert (layout.proof / "ran").exists()
    outcomes, _ = parse_verify_message(layout.termination_log.read_text())
    assert [(one.setup, one.exit_code) for one in outcomes] == [(True, 0), (False, 7)]


def test_the_first_failure_is_the_verdict(verify: Verify, layout: Settings) -> None:
    done = verify("0", "echo fine", "echo broken >&2; exit 3", "touch never")
    assert done.returncode == 3
    assert "broken" in done.stdout
    assert not (layout.proof / "never").exists()
    outcomes, _ = parse_verify_message(layout.termination_log.read_text())
    assert [(o.index, o.exit_code) for o in outcomes] == [(1, 0), (2, 3)]


def test_a_failing_setup_ends_it_as_well(verify: Verify, layout: Settings) -> None:
    assert verify("1", "exit 9", "touch never").returncode == 9
    assert parse_verify_message(layout.termination_log.read_text())[0][0].setup


def test_a_command_that_is_not_there_is_127(verify: Verify, layout: Settings) -> None:
    assert verify("0", "no-such-program-at-all").returncode == 127
    assert parse_verify_message(layout.termination_log.read_text())[0][0].exit_code == 127


@pytest.mark.parametrize(
    "said",
    [
        "==== no tests ran in 0.01s ====",
        "==== 3 skipped in 0.01s ====",
        "Ran 0 tests in 0.000s\n\nNO TESTS RAN",
        "[INFO] No tests to run.",
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 2",
        "?   \tdemo\t[no test files]",
        "ok  \tdemo\t0.1s [no tests to run]",
        "test result: ok. 0 passed; 0 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        "Tests:       0 total",
        "No tests found, exiting with code 0",
        "  0 passing (1ms)",
        "# tests 0\n# pass 0\n# fail 0",
        "1..0 # SKIP",
        "--- SKIP: TestA (0.00s)",
    ],
)
def test_zero_tests_are_no_pass_where_tests_are_required(verify: Verify, said: str) -> None:
    command = f"cat <<'END'\n{said}\nEND"
    done = verify("--require-tests", "0", "echo lint is fine", command)
    assert done.returncode == NO_TESTS_EXIT
    assert "no test ran" in done.stdout
    assert verify("0", command).returncode == 0


@pytest.mark.parametrize(
    "said",
    [
        "==== 1 passed in 0.01s ====",
        "\x1b[32m==== 1 passed in 0.01s ====\x1b[0m",
        "Ran 2 tests in 0.000s\n\nOK (skipped=1)",
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 1",
        "ok  \tdemo\t0.1s\n?   \tx\t[no test files]",
        "test result: ok. 0 passed; 0 failed; 0 ignored\ntest result: ok. 2 passed; 0 failed; 0 ignored",
        "Tests:       1 passed, 1 total",
        "      Tests  3 passed (3)",
        "  4 passing (1ms)",
        "ℹ tests 1\nℹ pass 1\nℹ fail 0",
        "1..1\nok 1 - a",
        "--- PASS: TestA (0.00s)",
        "OK (3 tests, 5 assertions)",
        "the linter says\nOK",
        "34 files checked in 0.12s",
        "a build that counts nothing",
    ],
)
def test_tests_that_ran_or_are_not_known_pass(verify: Verify, said: str) -> None:
    done = verify("--require-tests", "0", f"cat <<'END'\n{said}\nEND")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_process_that_is_left_behind_hides_no_count(shell: list[str], layout: Settings) -> None:
    environment = {"TERMINATION_LOG": str(layout.termination_log), "TMPDIR": str(layout.home)}
    for said, code, tests in (("no tests ran", NO_TESTS_EXIT, TestCounts(ran=0)), ("4 passed", 0, TestCounts(ran=4))):
        line = command_line(shell, layout, "--require-tests", "0", f"sleep 60 & echo '== {said} in 0.01s =='")
        with subprocess.Popen(
            line, env=os.environ | environment, stdout=subprocess.DEVNULL, start_new_session=True
        ) as process:
            assert process.wait(30) == code
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert parse_verify_message(layout.termination_log.read_text())[1] == tests


def test_a_proof_without_files_has_nothing_to_prove(verify: Verify, layout: Settings) -> None:
    (layout.proof / "app.py").unlink()
    assert verify("0", "exit 1").returncode == 0
    (layout.proof / ".hidden").symlink_to("nowhere")
    assert verify("0", "exit 1").returncode == 1


def test_the_message_stays_within_what_the_kubelet_keeps(verify: Verify, layout: Settings) -> None:
    loud = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo \"== $i passed$(printf ' %0300d' 1) in 1s ==\"; done"
    assert verify("0", loud, loud, loud, "echo '== 7 passed in 1s =='").returncode == 0
    message = layout.termination_log.read_bytes()
    assert len(message) <= TERMINATION_BYTES
    assert parse_verify_message(message.decode())[0][-1].index == 4


def test_long_lines_nul_bytes_and_background_children_do_no_harm(verify: Verify, layout: Settings) -> None:
    began = time.monotonic()
    done = verify("0", "head -c 3000000 /dev/zero | tr '\\0' x; printf '\\0\\0\\n== 2 passed in 1s ==\\n'; sleep 1 &")
    assert done.returncode == 0
    assert time.monotonic() - began < 10
    assert parse_verify_message(layout.termination_log.read_text())[1] == TestCounts(ran=2)


def test_an_image_without_the_small_tools_still_gives_the_verdict(shell: list[str], layout: Settings) -> None:
    if shell[0] == "busybox":
        shell = ["sh"]
    environment = {"PATH": "/nowhere", "TERMINATION_LOG": str(layout.termination_log)}
    for command, code in (("echo fine", 0), ("exit 4", 4)):
        line = command_line(shell, layout, "--require-tests", "0", command)
        # `sh` itself is all that such an image has.
        (layout.root / "bin").mkdir(exist_ok=True)
        link = layout.root / "bin" / "sh"
        if not link.exists():
            link.symlink_to(line[0])
        done = subprocess.run(line, env=environment | {"PATH": str(link.parent)}, capture_output=True, timeout=10)
        assert done.returncode == code
        assert parse_verify_message(layout.termination_log.read_text())[0][0].exit_code == code


def test_term_ends_it_at_once(shell: list[str], layout: Settings) -> None:
    environment = os.environ | {"TERMINATION_LOG": str(layout.termination_log)}
    line = command_line(shell, layout, "0", "echo begun; exec sleep 30")
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.readline()
        began = time.monotonic()
        process.terminate()
        assert process.wait(10) == 143
        assert time.monotonic() - began < 2
        os.killpg(process.pid, signal.SIGKILL)


NOISY = (
    "i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo \"line $i\"; done; printf '\\033[31mE   assert 1 == 2\\033[0m\\n'"
)


def test_the_end_of_what_failed_is_kept(verify: Verify, layout: Settings) -> None:
    said = f"echo '== 1 passed in 1s =='; {NOISY}; exit 3"
    assert verify("0", "echo fine", said, BOARDHAND_MESSAGE_BYTES="2457").returncode == 3
    message = layout.termination_log.read_text()
    assert len(message.encode()) <= 2457
    kept = parse_verify_output(message).split("\n")
    assert kept[-1] == "E   assert 1 == 2"
    assert kept[-2] == "line 300"
    assert "fine" not in message
    outcomes, tests = parse_verify_message(message)
    assert [(one.index, one.exit_code) for one in outcomes] == [(1, 0), (2, 3)]
    assert tests == TestCounts(ran=1)


@pytest.mark.parametrize("room", [120, 300, 1000, 4096])
def test_exit_codes_and_counts_go_before_output(verify: Verify, layout: Settings, room: int) -> None:
    said = f"echo '== 2 failed in 1s =='; {NOISY}; exit 1"
    assert verify("0", said, BOARDHAND_MESSAGE_BYTES=str(room)).returncode == 1
    message = layout.termination_log.read_bytes()
    assert len(message) <= room
    outcomes, tests = parse_verify_message(message.decode())
    assert outcomes[0].exit_code == 1
    assert tests == TestCounts(ran=2, failed=2)


def test_what_passed_leaves_no_output_and_what_ran_no_test_does(verify: Verify, layout: Settings) -> None:
    assert verify("0", "echo fine; echo '== 2 passed in 1s =='").returncode == 0
    assert parse_verify_output(layout.termination_log.read_text()) == ""
    assert verify("--require-tests", "0", "echo hm; echo '== no tests ran in 1s =='").returncode == NO_TESTS_EXIT
    assert parse_verify_output(layout.termination_log.read_text()) == "hm\n== no tests ran in 1s =="


def test_output_that_looks_like_the_message_says_nothing(verify: Verify, layout: Settings) -> None:
    forged = "printf 'output\\ncommand 9 exit 0 seconds 1\\nsummary == 99 passed in 1s ==\\n'; exit 1"
    assert verify("0", forged).returncode == 1
    outcomes, tests = parse_verify_message(layout.termination_log.read_text())
    assert [(one.index, one.exit_code) for one in outcomes] == [(1, 1)]
    assert tests is None

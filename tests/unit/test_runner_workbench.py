"""The workbench's two halves against each other: the real server under every POSIX shell that is installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boardhand_runner import fifo_workbench, workbench
from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout

SHELLS = {
    name: command
    for name, command in {
        "dash": ["dash"],
        "bash": ["bash", "--posix"],
        "busybox": ["busybox", "sh"],
        "mksh": ["mksh"],
    }.items()
    if shutil.which(command[0])
}


class Server:
    """The sidecar's first process, and its restarts."""

    def __init__(self, settings: Settings, shell: list[str]) -> None:
        self.settings = settings
        self.shell = shell
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, path: str | None = None) -> subprocess.Popen[bytes]:
        environment = dict(os.environ) | ({"PATH": path} if path is not None else {})
        shell = [shutil.which(self.shell[0]) or self.shell[0], *self.shell[1:]]
        process = subprocess.Popen(
            [*shell, str(self.settings.serve_script), str(self.settings.root)],
            env=environment,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture(params=sorted(SHELLS))
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    settings = Settings(root=tmp_path, termination_log=tmp_path / "termination")
    for folder in (settings.work, settings.exec, settings.serve):
        folder.mkdir(parents=True)
    checkout.place_workbench(settings)
    server = Server(settings, SHELLS[request.param])
    yield server
    server.stop()


@pytest.fixture
def bench(server: Server) -> FifoWorkbench:
    server.start()
    bench = FifoWorkbench(server.settings, patience_seconds=5)
    bench.wait_ready()
    return bench


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def gone(pid: int) -> bool:
    """Whether the process is no more, or is only waiting to be reaped."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_runs_in_the_work_tree_and_answers_with_output_and_code(server: Server, bench: FifoWorkbench) -> None:
    result = bench.run("pwd; echo oops >&2; exit 7", 10)
    assert result.exit_code == 7
    assert result.text.splitlines() == [str(server.settings.work), "oops"]
    assert result.log.read_bytes() == result.output
    assert not (result.timed_out or result.lost or result.flooded)


def test_quotes_newlines_and_no_stdin(bench: FifoWorkbench) -> None:
    assert bench.run("""printf '%s\n' "it's" 'a "b"'\ncat\nprintf 'ü'""", 10).text == 'it\'s\na "b"\nü'


def test_a_time_out_kills_the_whole_process_group(server: Server, bench: FifoWorkbench) -> None:
    result = bench.run("sleep 60 & echo $! >pids; sh -c 'echo $$ >>pids; trap \"\" TERM; sleep 61; :'; echo no", 0.5)
    assert result.exit_code is None
    assert result.timed_out
    assert result.seconds < 5
    pids = [int(pid) for pid in (server.settings.work / "pids").read_text().split()]
    assert len(pids) == 2
    assert eventually(lambda: all(gone(pid) for pid in pids))
    assert bench.run("echo still here", 10).text == "still here\n"


def test_long_output_keeps_head_and_tail_and_all_of_it_on_disk(bench: FifoWorkbench) -> None:
    result = bench.run("echo first; head -c 3000000 /dev/zero; echo; echo last", 20)
    assert result.output.startswith(b"first\n\0\0")
    assert result.output.endswith(b"\nlast\n")
    assert len(result.output) < 40_000
    assert b"bytes cut; all of it: " in result.output
    assert result.log.stat().st_size == 3_000_012


def test_a_flood_of_output_is_ended(bench: FifoWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "FLOOD_BYTES", 1_000_000)
    result = bench.run("yes", 30)
    assert result.flooded
    assert result.exit_code is None
    size = result.log.stat().st_size
    time.sleep(0.2)
    assert result.log.stat().st_size == size


def test_a_background_child_outlives_its_command_and_holds_nothing_up(server: Server, bench: FifoWorkbench) -> None:
    result = bench.run("sleep 60 & echo $!", 10)
    child = int(result.text)
    assert result.exit_code == 0
    assert result.seconds < 5
    assert not gone(child)
    assert bench.run("echo next", 10).text == "next\n"
    os.kill(child, signal.SIGKILL)


def test_a_command_may_end_its_own_group(bench: FifoWorkbench) -> None:
    result = bench.run("kill 0; sleep 5", 10)
    assert result.exit_code is not None
    assert result.exit_code > 128
    assert bench.run("echo next", 10).text == "next\n"


def test_closing_ends_the_server_and_a_restarted_one_only_waits(server: Server, bench: FifoWorkbench) -> None:
    left = int(bench.run("sleep 60 & echo $!", 10).text)
    bench.close()
    assert server.processes[0].wait(5) == 0
    assert eventually(lambda: gone(left))
    again = server.start()
    time.sleep(0.3)
    assert again.poll() is None
    with pytest.raises(Infrastructure, match="WorkbenchGone"):
        FifoWorkbench(server.settings, patience_seconds=0.2).wait_ready()
    again.terminate()
    assert again.wait(2) == 0
    bench.close()


def test_a_fifo_that_a_command_removed_is_no_forgery(server: Server, bench: FifoWorkbench) -> None:
    bench.run(f"rm {server.settings.exec}/*; sleep 1.1", 10)
    assert bench.run("echo on", 10).text == "on\n"
    bench.close()
    assert server.processes[0].wait(5) == 0


def test_term_ends_a_serving_server_at_once(server: Server, bench: FifoWorkbench) -> None:
    server.processes[0].terminate()
    assert server.processes[0].wait(5) == 0
    assert not bench.__class__(server.settings, patience_seconds=0.1)._alive()


def test_a_restarted_server_serves_and_the_command_it_died_with_is_lost(server: Server, bench: FifoWorkbench) -> None:
    server.processes[0].kill()
    server.processes[0].wait()
    server.start()
    assert bench.run("echo again", 10).text == "again\n"
    result = bench.run(f"kill -9 {server.processes[1].pid}; sleep 5", 10)
    assert result.lost
    assert result.exit_code is None


def test_a_workbench_that_dies_with_every_command_is_infrastructure(server: Server, bench: FifoWorkbench) -> None:
    endings = []
    with pytest.raises(Infrastructure, match="WorkbenchKeepsDying"):
        for _ in range(fifo_workbench.LOSSES):
            endings.append(bench.run(f"kill -9 {server.processes[-1].pid}; sleep 5", 10).lost)
            server.start()
    assert endings == [True] * (fifo_workbench.LOSSES - 1)


def test_no_workbench_is_infrastructure_not_a_failing_command(server: Server) -> None:
    with pytest.raises(Infrastructure, match="WorkbenchGone"):
        FifoWorkbench(server.settings, patience_seconds=0.2).run("true", 1)


def test_an_image_without_setsid_is_configuration(server: Server, tmp_path: Path) -> None:
    # busybox finds its own setsid without a PATH.
    server.shell = ["sh"]
    process = server.start(path=str(tmp_path / "nothing"))
    assert process.wait(5) == 41
    with pytest.raises(Configuration, match="setsid"):
        FifoWorkbench(server.settings, patience_seconds=5).wait_ready()


@pytest.mark.parametrize("forged", ["300", "-1", "yes", "", "9" * 20])
def test_a_forged_exit_code_is_refused(server: Server, bench: FifoWorkbench, forged: str) -> None:
    script = f"""cd {server.settings.exec}
    for f in *.sh; do [ -e ${{f%.sh}}.code ] || printf '%s' '{forged}' >${{f%.sh}}.code; done
    sleep 2"""
    with pytest.raises(Infrastructure, match="WorkbenchForged"):
        bench.run(script, 5)


def test_links_and_fifos_on_the_exec_volume_are_not_followed(server: Server, bench: FifoWorkbench) -> None:
    secret = server.settings.root / "secret"
    secret.write_text("sesame")
    script = f"""cd {server.settings.exec}; for f in *.out; do rm $f; ln -s {secret} $f; done"""
    assert bench.run(script, 5).output == b""
    script = f"""cd {server.settings.exec}; rm *.out; for f in *.sh; do mkfifo ${{f%.sh}}.out; done"""
    assert bench.run(script, 5).output == b""


def test_a_fifo_put_in_the_place_of_the_servers_does_not_fake_its_end(server: Server, bench: FifoWorkbench) -> None:
    bench.run(f"cd {server.settings.exec}; rm requests; mkfifo requests", 5)
    assert bench.run("echo served", 5).text == "served\n"
    assert server.processes[0].poll() is None
    bench.close()
    assert server.processes[0].wait(5) == 0


def test_a_server_that_will_not_end_is_told(
    server: Server, bench: FifoWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fifo_workbench, "CLOSE_SECONDS", 0.3)
    os.kill(server.processes[0].pid, signal.SIGSTOP)
    with pytest.raises(Infrastructure, match="WorkbenchWouldNotEnd"):
        bench.close()


def test_jobs_run_beside_commands_and_end_with_all_they_started(server: Server, bench: FifoWorkbench) -> None:
    first = bench.begin("echo here; sleep 60 & sleep 60 & echo $!; wait")
    second = bench.begin("exit 3")
    assert bench.run("echo beside", 10).text == "beside\n"
    assert eventually(lambda: bench.output(first, 0)[0].count(b"\n") == 2)
    assert eventually(lambda: not bench.state(second).running)
    assert bench.state(first).running
    assert bench.state(second).exit_code == 3
    said, end = bench.output(first, 5)
    assert bench.output(first, end) == (b"", end)
    bench.kill(first)
    assert bench.state(first).exit_code == 128 + signal.SIGKILL
    assert eventually(lambda: gone(int(said)))


def test_a_job_that_ended_leaves_nobody_behind_once_it_is_killed(server: Server, bench: FifoWorkbench) -> None:
    job = bench.begin("sleep 60 & echo $!")
    assert eventually(lambda: bench.state(job).exit_code == 0)
    child = int(bench.output(job, 0)[0])
    assert not gone(child)
    bench.kill(job)
    assert eventually(lambda: gone(child))


def test_jobs_are_lost_with_their_server_even_if_nobody_saw_it_end(server: Server, bench: FifoWorkbench) -> None:
    ended, runs = bench.begin("echo done"), bench.begin("sleep 60")
    assert eventually(lambda: bench.state(ended).exit_code == 0)
    server.processes[0].kill()
    server.processes[0].wait()
    server.start()
    assert bench.run("echo again", 10).text == "again\n"
    assert bench.state(runs).lost
    assert bench.state(ended).exit_code == 0
    assert bench.state(bench.begin("sleep 60")).running

"""Background jobs as the model uses them, on the real workbench server."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from boardhand_runner import workbench
from boardhand_runner.errors import ToolError
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.history import Call, Outcome, Turn
from boardhand_runner.models.profiles import Abilities
from boardhand_runner.nodes.supervise import SAME, supervise
from boardhand_runner.nodes.tools import Wanted, _call
from boardhand_runner.tools import jobs as jobs_module
from boardhand_runner.tools.catalog import Answer, Catalog
from boardhand_runner.tools.command import Bench
from boardhand_runner.tools.job_tools import job_tools
from boardhand_runner.tools.jobs import AT_ONCE, Jobs
from boardhand_runner.usage import Ledger
from boardhand_runner.workbench import JobState
from tests.support.benches import LIMITS, lay_out, served
from tests.support.runs import EDIT, FILES, FINISH, Run
from tests.support.scripted import calls


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[FifoWorkbench]:
    settings = lay_out(tmp_path / "run", {"a": "1\n"})
    with served(settings):
        bench = FifoWorkbench(settings)
        bench.wait_ready()
        yield bench
        bench.close()


@pytest.fixture
async def jobs(bench: FifoWorkbench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Jobs]:
    monkeypatch.setattr(jobs_module, "NEWS_SECONDS", 0.2)
    jobs = jobs_of(bench)
    yield jobs
    await jobs.close()


def jobs_of(workbench: FifoWorkbench, bench: Bench | None = None) -> Jobs:
    ledger = Ledger(LIMITS)
    return Jobs(workbench, ledger, (bench or Bench(workbench, ledger, [])).set_up_again)


async def eventually(jobs: Jobs, number: int, said: str) -> str:
    """The first answer that says it."""
    deadline, told = time.monotonic() + 10, ""
    while said not in told:
        assert time.monotonic() < deadline, told
        told = await jobs.output(number)
    return told


async def test_a_job_is_told_piece_by_piece(jobs: Jobs) -> None:
    assert (await jobs.start("echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; exit 4")).startswith("Job 1 ")
    first = await eventually(jobs, 1, "one")
    nothing = await jobs.output(1)
    await jobs.start("touch go")
    rest = await eventually(jobs, 1, "exit code 4")

    assert first == "Job 1: it runs. Its output from byte 0 to 4:\none"
    assert nothing == "Job 1: it runs. Nothing new was put out."
    assert "one" not in rest


async def test_only_so_many_run_at_once(jobs: Jobs) -> None:
    for _ in range(AT_ONCE):
        await jobs.start("sleep 60")
    with pytest.raises(ToolError, match=r"4 jobs run already \(1, 2, 3, 4\)"):
        await jobs.start("sleep 60")
    assert "ended by stop_job" in await jobs.stop(2)
    assert "Job 5 runs" in await jobs.start("sleep 60")
    with pytest.raises(ToolError, match="no job 9"):
        await jobs.stop(9)


async def test_a_flood_ends_the_job_although_nobody_asks(
    jobs: Jobs, bench: FifoWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "FLOOD_BYTES", 100_000)
    monkeypatch.setattr(jobs_module, "_WATCH_SECONDS", 0.05)
    await jobs.start("while :; do echo 0123456789; done")
    await jobs.start("sleep 60")
    # Nobody asks until the harness has ended it; its last words may come a moment later.
    deadline, told = time.monotonic() + 10, ""
    while "it put out too much" not in told:
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.02)
        told = await jobs.output(1) if jobs._jobs[1].ended else ""
        assert len(told) < 20_000
    assert "it runs" in await jobs.output(2)


class Flooding:
    """A workbench whose every job puts out too much, and takes its time to end."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.ending = threading.Event()

    def begin(self, command: str) -> str:
        return command

    def state(self, job: str) -> JobState:
        return JobState(running=job not in self.ended)

    def output(self, job: str, start: int) -> tuple[bytes, int]:
        return b"", max(start, workbench.FLOOD_BYTES + 1)

    def kill(self, job: str) -> None:
        self.ending.set()
        time.sleep(0.05)
        self.ended.append(job)


async def test_a_job_that_begins_while_another_is_ended_is_watched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "_WATCH_SECONDS", 0.005)
    flooding: Any = Flooding()
    jobs = Jobs(flooding, Ledger(LIMITS), Bench(flooding, Ledger(LIMITS), []).set_up_again)
    await jobs.start("one")
    await asyncio.to_thread(flooding.ending.wait, 5)
    await jobs.start("two")
    deadline = time.monotonic() + 5
    while "two" not in flooding.ended:
        assert time.monotonic() < deadline, "nobody watches any more"
        await asyncio.sleep(0.01)
    await jobs.close()


async def test_a_lost_workbench_takes_its_jobs_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "NEWS_SECONDS", 0.2)
    settings = lay_out(tmp_path / "run", {"a": "1\n"})
    with served(settings):
        bench = FifoWorkbench(settings)
        bench.wait_ready()
        jobs = jobs_of(bench)
        await jobs.start("sleep 60")
        assert jobs.lost() == ""
    told = await jobs.output(1)
    await jobs.close()

    assert "lost: the workbench was started again" in told
    assert jobs.lost() == "Lost with it, too: job 1."


async def test_a_job_in_a_workbench_that_was_lost_finds_it_set_up_again(bench: FifoWorkbench) -> None:
    around = Bench(bench, Ledger(LIMITS), ["touch ready"])
    jobs = jobs_of(bench, around)
    around.renew()
    await jobs.start("test -e ready && echo as it should be")
    assert "as it should be" in await jobs.output(1)
    await jobs.close()


async def test_polling_is_no_alarm_where_the_output_goes_on_and_one_where_it_does_not(jobs: Jobs) -> None:
    await jobs.start("while :; do echo tick; sleep 0.02; done")
    await jobs.start("sleep 60")
    ticking, silent = [Turn(False, (await _polled(jobs, number),)) for number in (1, 1, 1)], []
    for _ in range(SAME):
        silent.append(Turn(False, (await _polled(jobs, 2),)))

    assert len({turn.calls for turn in ticking}) == 3
    assert not supervise(ticking).reason
    assert supervise(silent).reason == "SameCall"


async def _polled(jobs: Jobs, number: int) -> Call:
    return _call(Wanted("c", "job_output", {"job": number}), Answer(await jobs.output(number), Outcome.DONE))


async def test_a_small_model_is_told_of_no_jobs(jobs: Jobs) -> None:
    catalog = Catalog(job_tools(jobs))
    assert catalog.offered(Abilities(small_prompt=True)) == []
    assert len(catalog.offered(Abilities())) == 3
    assert (await catalog.call("job_output", {"job": 1})).outcome is Outcome.FAILED


def test_nothing_runs_any_more_when_the_gate_looks_and_when_the_run_is_over(tmp_path: Path) -> None:
    files = FILES | {
        "check.sh": "test ! -e job.pid || kill -0 $(cat job.pid) 2>/dev/null && exit 9\n" + FILES["check.sh"]
    }
    run = Run(lay_out(tmp_path / "run", files))
    begin = calls(("start_job", {"command": "echo $$ > job.pid; sleep 60"}))
    wait = calls(("run", {"command": "while [ ! -s job.pid ]; do sleep 0.02; done"}))
    result = run([begin, wait, EDIT, FINISH])

    assert result.failure is None
    assert not result.partial
    assert not Path(f"/proc/{(run.settings.work / 'job.pid').read_text().strip()}").exists()

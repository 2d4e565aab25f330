"""The history in a file, with the recorder as a process: killed while it writes, read meanwhile, on a full disk."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from boardhand_api.pod import LABEL_RUN, Stage
from boardhand_history.models import Kept
from boardhand_history.queries import History, Search
from boardhand_history.reports import Grain
from boardhand_operator.kube import Resource
from testbed.load.ports import free_ports
from tests.support.api_server import ApiServer, serving
from tests.support.history import DIFF, DIFF_LOG, body_of, scalar, sqlite_url, stored
from tests.support.objects import ended, pod_body

pytestmark = pytest.mark.slow

TEAM = frozenset({"team"})
SECONDS = 120.0
LINE = 100


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with serving(ApiServer()) as made:
        yield made


class Recorder:
    """`python -m boardhand_history` into this file. before: the words that start it."""

    def __init__(self, server: ApiServer, folder: Path, file: Path, before: Iterable[str] = ()) -> None:
        (port,) = free_ports(1)
        self._command = [*before, sys.executable, "-m", "boardhand_history"]
        self._ready = f"http://127.0.0.1:{port}/readyz"
        self._env = os.environ | {
            "KUBECONFIG": str(server.kubeconfig(folder / "kubeconfig")),
            "BOARDHAND_HISTORY_URL": f"sqlite:///{file}",
            "BOARDHAND_HISTORY_PROBES": f"127.0.0.1:{port}",
            "BOARDHAND_HISTORY_DAYS": "36500",
        }
        self.log = folder / "recorder.log"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(*self._command, env=self._env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()

    async def told(self) -> dict[str, object]:
        """What it says of itself; nothing before it is up."""
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                found: dict[str, object] = (await client.get(self._ready, timeout=5)).json()
        except httpx.HTTPError:
            return {}
        return found


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await what():
            await asyncio.sleep(0.05)


def put(server: ApiServer, name: str, lines: int) -> str:
    """A finished run and its pod, whose log compresses badly; the log."""
    body = body_of(name)
    server.kube.put(Resource.RUNS, "team", body)
    server.kube.set_status(Resource.RUNS, ("team", name), body["status"])
    states = {stage: ended(0) for stage in (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)}
    pod = pod_body(states, name=f"{name}-pod", job=f"{name}-1", phase="Succeeded")
    pod["metadata"]["labels"][LABEL_RUN] = name
    server.kube.put(Resource.PODS, "team", pod)
    lots = random.Random(name)
    log = [lots.randbytes(LINE // 2).hex() for _ in range(lines)]
    server.logs[f"{name}-pod", "agent"], server.logs[f"{name}-pod", "publish"] = log, [DIFF_LOG.strip()]
    return "\n".join(log) + "\n"


async def names(history: History) -> set[str]:
    return {name async for page in history.every(TEAM, Search(), ["name"]) for (name,) in page}


async def whole(history: History, logs: dict[str, str]) -> None:
    """Each run is there once, with all of its texts."""
    rows = [row async for page in history.every(TEAM, Search(), ["name", "uid"]) for row in page]
    assert sorted(name for name, _ in rows) == sorted(logs)
    for name, uid in rows:
        told = await history.one(TEAM, uid)
        assert told is not None
        assert (told.transcript.kept, told.transcript.read() == logs[name]) == (Kept.WHOLE, True)
        assert told.diff.read() == DIFF


class Visitors:
    """They look at page, run and report all the time, and are never refused."""

    def __init__(self, url: str) -> None:
        self._url, self.looks = url, 0

    async def look(self) -> None:
        history = History.at(self._url)
        try:
            while True:
                page = await history.search(TEAM, Search())
                for row in page.rows[:1]:
                    told = await history.one(TEAM, row.uid)
                    assert told is not None and told.transcript.kept is Kept.WHOLE
                report = await history.report(TEAM, Grain.DAY, date(2026, 1, 1), date(2026, 1, 2))
                assert report.total.runs >= len(page.rows)
                self.looks += 1
                await asyncio.sleep(0.05)
        finally:
            await history.close()

    @asynccontextmanager
    async def looking(self, number: int) -> AsyncIterator[None]:
        """Whatever they are told ends the block."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.look()) for _ in range(number)]
            yield
            for task in tasks:
                task.cancel()


async def test_killed_while_it_writes_it_loses_nothing_and_nobody_is_kept_out(
    server: ApiServer, tmp_path: Path
) -> None:
    file, visitors = tmp_path / "history.db", Visitors(sqlite_url(tmp_path))
    recorder = Recorder(server, tmp_path, file)
    lots, logs, kills = random.Random(3), dict[str, str](), 0
    async with stored(sqlite_url(tmp_path)) as made, visitors.looking(2):
        for number in range(120):
            logs[f"run-{number}"] = put(server, f"run-{number}", 400)
        known: set[str] = set()
        while known != set(logs):
            server.asked.clear()
            so_many = min(len(known) + lots.randrange(10, 40), len(logs))

            async def enough(least: int = so_many) -> bool:
                return len(await names(made.history)) >= least

            async with recorder.running() as process:
                await until(enough)
                process.kill()
            kills += 1
            read = {path for _, path, _ in server.asked}
            assert not any(f"/pods/{name}-pod/log" in path for name in known for path in read)
            known = await names(made.history)
            assert known <= set(logs)
            async with made.reading.connect() as connection:
                assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"
        await whole(made.history, logs)
        assert await scalar(made.engine, "PRAGMA journal_mode") == "wal"
        assert await scalar(made.engine, "SELECT count(*) FROM texts") == 2 * len(logs)
    assert kills >= 4
    assert visitors.looks > 20
    assert "locked" not in recorder.log.read_text() and "ERROR" not in recorder.log.read_text()


LOOK = """
import asyncio, sys
from boardhand_history.queries import History, Search
async def look():
    page = await History.at(f"sqlite:///{sys.argv[1]}").search(["team"], Search())
    print(*(row.name for row in page.rows))
asyncio.run(look())
"""


async def names_inside(pid: int, file: Path) -> set[str]:
    """What a dashboard sees whose volumes are this process'."""
    command = ("nsenter", f"--target={pid}", "--user", "--mount", sys.executable, "-c", LOOK, str(file))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return set(said.decode().split())


async def test_a_full_disk_is_told_once_and_written_on_when_there_is_room(server: ApiServer, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    script = f'mount -t tmpfs -o size=24m none {volume} && head -c 21m /dev/zero >{volume}/filler && exec "$@"'
    apart = ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh")
    recorder = Recorder(server, tmp_path, volume / "history.db", apart)
    logs = {f"run-{number}": put(server, f"run-{number}", 4_000) for number in range(24)}

    async def full() -> bool:
        return "is full: make room on its volume" in str((await recorder.told()).get("database"))

    async with recorder.running() as process:
        inside, pid = Path(f"/proc/{process.pid}/root{volume}"), process.pid
        await until(full)
        some = await names_inside(pid, volume / "history.db")
        assert 0 < len(some) < len(logs)
        await asyncio.sleep(6)  # it asks again meanwhile, and says no more
        assert await names_inside(pid, volume / "history.db") >= some
        assert recorder.log.read_text().count("is full: make room") == 1
        (inside / "filler").unlink()

        async def written() -> bool:
            told = await recorder.told()
            return (told.get("ready"), told.get("recorded"), told.get("waiting")) == (True, len(logs), 0)

        await until(written)
        for part in inside.glob("history.db*"):
            shutil.copy(part, tmp_path)
    history = History.at(sqlite_url(tmp_path))
    await whole(history, logs)
    await history.close()
    assert "Traceback" not in recorder.log.read_text()

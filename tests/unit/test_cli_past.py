"""What the commands show of runs whose pod is gone, and the dashboard on somebody's own machine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from boardhand_cli.problems import Exit
from boardhand_history.queries import PAGE
from boardhand_operator.kube import Resource
from tests.support.api_server import ApiServer, threaded
from tests.support.history import entry, sqlite_url, stored, texts
from tests.support.objects import run_body
from tests.support.terminal import boardhand

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    with threaded(ApiServer()) as up:
        monkeypatch.setenv("KUBECONFIG", str(up.kubeconfig(tmp_path / "config")))
        yield up


@pytest.fixture
def history(tmp_path: Path) -> str:
    """A database that knows run-1."""
    url = sqlite_url(tmp_path)

    async def fill() -> None:
        async with stored(url) as database:
            await database.records.put(entry("run-1"), texts())
            for number in range(PAGE):
                await database.records.put(entry(f"run-1{number}"))

    asyncio.run(fill())
    return url


def test_the_history_shows_what_the_cluster_let_go_of(server: ApiServer, history: str) -> None:
    for command in ("logs", "diff"):
        assert boardhand(command, "run-1")[0] == Exit.CLUSTER
    code, out, _ = boardhand("logs", "run-1", "--history", history)
    assert code == 0 and "plain words" in out
    code, out, _ = boardhand("diff", "run-1", "--history", history)
    assert code == 0 and "+++" in out
    server.kube.put(Resource.RUNS, "team", run_body("run-1", phase="Succeeded"))
    assert boardhand("diff", "run-1", "--history", history)[:2] == (0, out)


def test_a_history_that_is_none_is_said(server: ApiServer) -> None:
    code, _, err = boardhand("dashboard", "--history", "mysql://ada:secret@host/db")
    assert (code, "SQLite and PostgreSQL are known" in err, "secret" in err) == (Exit.INPUT, True, False)


def test_what_neither_knows_is_said(
    server: ApiServer, history: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BOARDHAND_HISTORY", history)
    code, _, err = boardhand("logs", "run-2")
    assert code == Exit.CLUSTER and "the history has no transcript of it either" in err
    code, _, err = boardhand("diff", "run-2")
    assert code == Exit.CLUSTER and "neither the cluster nor the history" in err
    code, _, err = boardhand("diff", "run-1", "-n", "other")
    assert code == Exit.CLUSTER and "neither the cluster nor the history" in err
    code, _, err = boardhand("logs", "run-1", "--history", sqlite_url(tmp_path, "absent.db"))
    assert code == Exit.INPUT and "the history cannot be read" in err


def test_the_dashboard_lets_in_by_its_address_once(server: ApiServer) -> None:
    program = [str(Path(sys.executable).with_name("boardhand")), "dashboard"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            assert address.startswith("http://127.0.0.1:") and "once=" in address, process.communicate(timeout=5)
            proxyless = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with proxyless.open(address.split("/login")[0] + "/healthz", timeout=10) as answer:
                assert answer.status == 200
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(15) in (0, 130)


def test_a_dashboard_nobody_may_see_does_not_begin(server: ApiServer) -> None:
    server.users.clear()
    code, out, err = boardhand("dashboard")
    assert (code, out) == (Exit.CLUSTER, "") and "log in again" in err

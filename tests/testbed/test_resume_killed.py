"""The agent's process is killed with -9 in the middle of its work, and a new one goes on with what is on the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from boardhand_api.events import Resumed, last_result, parse_event
from boardhand_api.model import Model
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.run import Task
from boardhand_api.ticket import Ticket
from boardhand_runner.git import Git
from boardhand_runner.local.ground import lay_out
from boardhand_runner.local.stages import workbench
from boardhand_runner.settings import Settings
from testbed.forge.seed import folder_files
from tests.support.benches import LIMITS
from tests.support.benches import lay_out as lay_out_repository
from tests.support.model_server import model_served

pytestmark = pytest.mark.slow

SECONDS = 240
UNBROKEN = 10
"""Requests of the script when nothing is killed: route, eight steps, describe."""
ADDED = "def test_the_quantity_counts"


@pytest.fixture
def model() -> Iterator[str]:
    with model_served() as address:
        # Slow enough that most kills come while an answer is waited for.
        httpx.post(f"{address}/_testbed/faults", json={"match": ".", "delay": 0.2}, trust_env=False).raise_for_status()
        yield address


@pytest.fixture
def settings(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The folders of a run of the Python project, with its order in place."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    shop = {name: data.decode() for name, data in folder_files("python-shop").items()}
    source = lay_out_repository(tmp_path / "source", shop)
    made = lay_out(tmp_path / "run")
    scripted = Model(name="boardhand-scripted", base_url=f"{model}/v1")
    order = Order(
        run="run-1",
        task=Task.AUTO,
        ticket=Ticket(id="t1", title="Cart total ignores quantity"),
        repository=str(source.git_dir),
        base_branch="main",
        branch="boardhand/t1-cart",
        large=scripted,
        small=scripted,
        verify=[f"{sys.executable} -m pytest -q -p no:cacheprovider"],
        limits=LIMITS,
        persistent=True,
    )
    made.order.write_text(order.model_dump_json(by_alias=True, exclude_none=True))
    return made


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {"BOARDHAND_ROOT": str(settings.root), "TERMINATION_LOG": str(settings.termination_log)}


def command(stage: Stage) -> list[str]:
    return [sys.executable, "-c", "import sys; from boardhand_runner.cli import main; sys.exit(main())", stage]


@contextmanager
def pod(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A new pod on the old volume: the agent at work, until it ends or is killed."""
    for folder in (settings.exec, settings.serve, settings.home):
        # Aside, not away: what a command of the former pod left running may still write there.
        folder.rename(folder.with_name(f"{folder.name}-before-{log.stem}"))
        folder.mkdir()
    subprocess.run(command(Stage.CHECKOUT), env=environment(settings), check=True)
    with (
        workbench(settings),
        log.open("wb") as out,
        subprocess.Popen(command(Stage.AGENT), env=environment(settings), stdout=out, start_new_session=True) as agent,
    ):
        try:
            yield agent
        finally:
            if agent.poll() is None:
                os.killpg(agent.pid, signal.SIGKILL)


def calls(model: str) -> list[tuple[str, int | None]]:
    """What the stand-in was asked for, by path and step of its script."""
    report = httpx.get(f"{model}/_testbed/calls", timeout=10, trust_env=False).json()
    return [(call["path"], call["step"]) for call in report["calls"]]


def test_a_killed_agent_is_gone_on_from(settings: Settings, model: str, tmp_path: Path) -> None:
    kills = (5,)
    for at in kills:
        with pod(settings, tmp_path / f"{at}.log") as agent:
            deadline = time.monotonic() + SECONDS
            while len(calls(model)) < at:
                assert agent.poll() is None, (tmp_path / f"{at}.log").read_text()
                assert time.monotonic() < deadline, f"fewer than {at} answers were asked for"
                time.sleep(0.02)
            os.killpg(agent.pid, signal.SIGKILL)
            agent.wait()
    with pod(settings, last := tmp_path / "last.log") as agent:
        agent.wait(SECONDS)

    text = last.read_text()
    result = last_result(text)
    assert result is not None
    assert result.failure is None, json.loads(text.splitlines()[-1])
    assert result.resumed
    (resumed,) = [event for line in text.splitlines() if isinstance(event := parse_event(line), Resumed)]
    assert resumed.step >= kills[-1] - 2
    asked = calls(model)
    assert len(asked) <= UNBROKEN + len(kills)
    assert max(Counter(step for _, step in asked if step is not None).values()) <= 2
    git = Git(settings)
    assert git.text("rev-list", "--count", "refs/boardhand/base..HEAD") == "1"
    assert git.text("show", "HEAD:tests/test_cart.py").count(ADDED) == 1
    assert git.text("show", "HEAD:shop/cart.py").count("item.price * item.quantity") == 1
    assert result.usage.prompt_tokens > 0
    assert result.steps <= 8 + len(kills)

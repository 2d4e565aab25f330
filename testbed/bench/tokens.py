"""Prompt tokens of sixty steps: Boardhand, the same without masking, and mini-swe-agent with the same answers."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from boardhand_runner.context import Window
from boardhand_runner.nodes import window
from testbed.bench import project, runs
from testbed.bench.counting import Spent, spent
from testbed.bench.played import LARGE, SMALL
from testbed.bench.project import Move
from testbed.bench.rows import Row, row
from testbed.shell import TestbedError, run, say
from testbed.world import ROOT

_ENVIRONMENT = Path("build") / "bench" / "venv"
_LOCK = ROOT / "requirements" / "bench.lock"
_ENDLESS = 10**9
_AIM = 0.5
_CACHED_PRICE = 0.1
"""What several providers ask for a token read from their cache, as a share of the full price."""


def measure() -> list[Row]:
    """The figures are the same each time, so each is measured once.

    The aim is for the steps that show whole files; how it is where they show a third of that stands beside it.
    """
    return [*_rows("60 steps", project.moves(), _AIM), *_rows("60 short steps", project.moves(short=True), None)]


def _rows(what: str, moves: Sequence[Move], aim: float | None) -> list[Row]:
    masked, others = boardhand(moves), {"without masking": _unmasked(moves), "mini-swe-agent": mini_swe_agent(moves)}
    rows = []
    for name, figures in {"Boardhand": masked, **others}.items():
        rows += [
            row(f"{what}, {name}: prompt tokens", [figures.prompt], unit="tokens"),
            row(f"{what}, {name}: longest prompt", [figures.peak], unit="tokens"),
            row(f"{what}, {name}: share that repeats the request before", [figures.repeated / figures.prompt], unit=""),
        ]
    for name, figures in others.items():
        price = masked.paid(_CACHED_PRICE) / figures.paid(_CACHED_PRICE)
        rows += [
            row(f"{what}: prompt tokens to {name}", [masked.prompt / figures.prompt], aim, ""),
            row(f"{what}: to {name}, repeats at a tenth of the price", [price], unit=""),
        ]
    return rows


def boardhand(moves: Sequence[Move]) -> Spent:
    """All requests, those of the small model too. Raises TestbedError."""
    with runs.checked_out(project.files().items(), runs.order()) as (settings, order):
        ran = runs.ran(settings, order, project.script(moves))
    large, small = (spent([asked.request for asked in ran.played.of(name)]) for name in (LARGE, SMALL))
    if large.requests != len(moves):
        raise TestbedError(f"Boardhand took {large.requests} steps instead of {len(moves)}")
    return Spent(large.requests, large.prompt + small.prompt, large.repeated, large.peak)


def _unmasked(moves: Sequence[Move]) -> Spent:
    with mock.patch.object(window, "window_of", lambda *_: Window(_ENDLESS, _ENDLESS)):
        return boardhand(moves)


def mini_swe_agent(moves: Sequence[Move]) -> Spent:
    """Its default agent on the same files, with the same steps as shell commands. Raises TestbedError."""
    steps = [{"say": move.say, "command": move.command} for move in moves]
    with tempfile.TemporaryDirectory(prefix="boardhand-bench-") as folder:
        for name, text in project.files().items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_text(text)
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "base"]):
            run([*git, *command], cwd=Path(folder))
        answer = _driven({"task": f"{project.TITLE}\n\n{project.BODY}", "folder": folder, "steps": steps})
    if answer["status"] != "Submitted" or len(answer["requests"]) != len(moves):
        raise TestbedError(f"mini-swe-agent ended with {answer['status']} after {len(answer['requests'])} steps")
    return spent(answer["requests"])


def _driven(wanted: dict[str, Any]) -> dict[str, Any]:
    python = _installed()
    quiet = {"MSWEA_SILENT_STARTUP": "1", "MSWEA_GLOBAL_CONFIG_DIR": str(_ENVIRONMENT.absolute().parent / "config")}
    said = run(
        [python, ROOT / "testbed" / "bench" / "mini_driver.py"],
        env=os.environ | quiet,
        stdin=json.dumps(wanted),
        timeout=600,
    )
    return dict(json.loads(said))


def _installed() -> Path:
    """The Python of an environment with mini-swe-agent alone, made anew where the lock has changed."""
    python, stamp = _ENVIRONMENT.absolute() / "bin" / "python", _ENVIRONMENT / ".locked"
    if not stamp.exists() or stamp.read_text() != _LOCK.read_text():
        say("installing mini-swe-agent into build/bench/venv")
        run([sys.executable, "-m", "venv", "--clear", _ENVIRONMENT])
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        run([python, *pip, "-r", _LOCK], timeout=600)
        stamp.write_text(_LOCK.read_text())
    return python

"""Prompt tokens of sixty steps: Boardhand, the same without masking, and mini-swe-agent with the same answers."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from boardhand_runner.context import Window
from boardhand_runner.nodes import window
from testbed.bench import project, runs
from testbed.bench.counting import Spent, spent
from testbed.bench.played import LARGE, SMALL
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
    """The figures are the same each time, so each is measured once."""
    masked, whole, mini = boardhand(), _unmasked(), mini_swe_agent()
    rows = []
    for name, figures in (("Boardhand", masked), ("without masking", whole), ("mini-swe-agent", mini)):
        rows += [
            row(f"60 steps, {name}: prompt tokens", [figures.prompt], unit="tokens"),
            row(f"60 steps, {name}: longest prompt", [figures.peak], unit="tokens"),
            row(
                f"60 steps, {name}: share that repeats the request before", [figures.repeated / figures.prompt], unit=""
            ),
        ]
    for name, figures in (("without masking", whole), ("mini-swe-agent", mini)):
        rows.append(row(f"60 steps: prompt tokens to {name}", [masked.prompt / figures.prompt], _AIM, ""))
        price = masked.paid(_CACHED_PRICE) / figures.paid(_CACHED_PRICE)
        rows.append(row(f"60 steps: the same, repeats at a tenth of the price, to {name}", [price], unit=""))
    return rows


def boardhand() -> Spent:
    """All requests, those of the small model too."""
    with runs.checked_out(project.files().items(), runs.order()) as (settings, order):
        ran = runs.ran(settings, order, project.script())
    large, small = ([asked.request for asked in ran.played.of(name)] for name in (LARGE, SMALL))
    told, asked = spent(large), spent(small)
    if told.requests != project.STEPS:
        raise TestbedError(f"Boardhand took {told.requests} steps instead of {project.STEPS}")
    return Spent(told.requests, told.prompt + asked.prompt, told.repeated, told.peak)


def _unmasked() -> Spent:
    with mock.patch.object(window, "window_of", lambda *_: Window(_ENDLESS, _ENDLESS)):
        return boardhand()


def mini_swe_agent() -> Spent:
    """Its default agent on the same files, with the same steps as shell commands. Raises TestbedError."""
    steps = [{"say": move.say, "command": move.command} for move in project.moves()]
    with tempfile.TemporaryDirectory(prefix="boardhand-bench-") as folder:
        for name, text in project.files().items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_text(text)
        for command in (
            ["init", "-q"],
            ["add", "--all"],
            ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "b"],
        ):
            run(["git", *command], cwd=Path(folder))
        task = f"{project.TITLE}\n\n{project.BODY}"
        answer = _driven({"task": task, "folder": folder, "steps": steps})
    if answer["status"] != "Submitted" or len(answer["requests"]) != project.STEPS:
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

"""One stage of a local run, as a process of its own with what it would find in its container."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from boardhand_api.events import Ended, parse_event
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Result
from boardhand_runner.local import report
from boardhand_runner.settings import ROOT_VARIABLE, TERMINATION_VARIABLE, Settings

AGENT_LOG = "agent.log"
"""The agent's events, below the run's root: what `boardhand-runner show` reads."""
WORKBENCH_PASSES = ("PATH", "HOME", "LANG", "LC_ALL", "JAVA_HOME", "SSL_CERT_FILE")
"""Of your environment, what the commands of the model get: no keys."""


def _environment(settings: Settings, stage: Stage) -> dict[str, str]:
    return {ROOT_VARIABLE: str(settings.root), TERMINATION_VARIABLE: str(_termination(settings, stage))}


def _command(stage: Stage) -> list[str]:
    return [sys.executable, "-c", "import sys; from boardhand_runner.cli import main; sys.exit(main())", stage]


def run_stage(settings: Settings, stage: Stage) -> int:
    """Its exit code; what it has to say is on the screen."""
    report.say(f"── {stage}")
    # What publish prints is the change for who has no repository at hand.
    out = subprocess.DEVNULL if stage is Stage.PUBLISH else None
    return subprocess.run(
        _command(stage), env=os.environ | _environment(settings, stage), stdout=out, check=False
    ).returncode


def run_agent(settings: Settings, *, raw: bool) -> tuple[Result | None, int]:
    """The agent's result and exit code; its events are shown as they come, and kept as AGENT_LOG."""
    report.say(f"── {Stage.AGENT}")
    result = None
    with (
        (settings.root / AGENT_LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            _command(Stage.AGENT),
            env=os.environ | _environment(settings, Stage.AGENT),
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            event = parse_event(line)
            if raw:
                report.say(line.rstrip("\n"))
            else:
                report.event(event)
            result = event.result if isinstance(event, Ended) else result
    return result, process.returncode


@contextmanager
def workbench(settings: Settings, workdir: str = "", passes: Sequence[str] = WORKBENCH_PASSES) -> Iterator[None]:
    """The workbench's server. It gets nothing of your environment but what `passes` names."""
    command = ["sh", str(settings.serve_script), str(settings.root), workdir]
    with subprocess.Popen(command, env=_passed(passes)) as server:
        try:
            yield
        finally:
            server.terminate()


def prove(
    settings: Settings,
    order: Order,
    passes: Sequence[str] = WORKBENCH_PASSES,
    log: IO[bytes] | None = None,
    inside: Sequence[str] = (),
) -> int:
    """The verify stage: its exit code is the verdict. What it prints goes to `log`, else to stdout.

    `inside`: words before its command, such as those that shut it in.
    """
    flags = ["--require-tests"] if order.require_tests else []
    flags += ["--workdir", order.workdir] if order.workdir else []
    commands = [str(len(order.setup)), *order.setup, *order.verify] if order.verify else []
    command = [*inside, "sh", str(settings.verify_script), *flags, *commands]
    environment = _passed(passes) | _environment(settings, Stage.VERIFY)
    return subprocess.run(command, env=environment, stdout=log, check=False).returncode


def _passed(names: Sequence[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def answer_of(settings: Settings, stage: Stage, kind: type[Checked | Published]) -> Checked | Published | None:
    """What the stage answered; None where it came to none."""
    said = message_of(settings, stage)
    return None if said is None else kind.model_validate_json(said)


def message_of(settings: Settings, stage: Stage) -> str | None:
    """The stage's termination message; None where it left none."""
    log = _termination(settings, stage)
    return log.read_text("utf-8") if log.exists() else None


def _termination(settings: Settings, stage: Stage) -> Path:
    return settings.root / f"{stage}.termination"

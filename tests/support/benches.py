"""A run's folders with a real repository, and the real workbench server as a process, for tests of the agent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from boardhand_api.model import Model, Price
from boardhand_api.order import Order, OrderLimits
from boardhand_api.run import Task
from boardhand_api.ticket import Ticket
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.settings import Settings

SERVER = Path(__file__).parents[2] / "agent_runner" / "boardhand_runner" / "stages" / "workbench.sh"
LIMITS = OrderLimits(
    steps=40, tokens=1_000_000, deadline_seconds=120, command_timeout_seconds=30, model_patience_seconds=1
)


def empty(root: Path) -> Settings:
    """A run's folders before checkout."""
    settings = Settings(root=root, termination_log=root.parent / "termination")
    for folder in (
        settings.work,
        settings.git_dir.parent,
        settings.exec,
        settings.serve,
        settings.proof,
        settings.home,
    ):
        folder.mkdir(parents=True)
    return settings


def lay_out(root: Path, files: Mapping[str, str]) -> Settings:
    """A run's folders as checkout leaves them: these files committed as the base."""
    settings = Settings(root=root, termination_log=root / "termination")
    for folder in (settings.work, settings.git_dir.parent, settings.exec, settings.serve, settings.home):
        folder.mkdir(parents=True)
    for name, text in files.items():
        (settings.work / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.work / name).write_text(text)
    subprocess.run(
        ["git", "init", "-q", "-b", "main", f"--separate-git-dir={settings.git_dir}", str(settings.work)],
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(settings.home)},
    )
    git = Git(settings, work_tree=settings.work)
    git.run("add", "--all")
    git.run("commit", "-q", "-m", "base")
    git.run("update-ref", BASE_REF, "HEAD")
    return settings


@contextmanager
def served(settings: Settings) -> Iterator[None]:
    """The workbench server, as the kubelet would run it."""
    os.mkfifo(settings.exec / "requests")
    with subprocess.Popen(["sh", str(SERVER), str(settings.root)]) as server:
        try:
            yield
        finally:
            server.terminate()


def order(**changes: Any) -> Order:
    """An order for a ticket, with a price so that money is counted."""
    model = Model(name="scripted", price=Price(prompt=Decimal(1), completion=Decimal(10)))
    values: dict[str, Any] = {
        "run": "run-1",
        "task": Task.IMPLEMENT,
        "ticket": Ticket(id="t1", title="Double the total", body="It must be doubled."),
        "repository": "/nowhere",
        "base_branch": "main",
        "branch": "boardhand/t1-double",
        "large": model,
        "small": model,
        "verify": ["sh check.sh"],
        "limits": LIMITS,
    }
    return Order(**(values | changes))

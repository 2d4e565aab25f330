"""A run that is about to publish: a real repository on a server, checked out, and an agent that does what it likes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardhand_api.order import Order
from boardhand_api.result import Published
from boardhand_runner.git import Git
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from tests.support.benches import empty

PLAIN = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"} | {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))
}
"""The environment of a git that knows no guard."""
_MODEL = {"provider": "openai", "name": "scripted"}
_LIMITS = {
    "steps": 5,
    "tokens": 1000,
    "deadline_seconds": 60,
    "command_timeout_seconds": 10,
    "model_patience_seconds": 5,
}


def git(where: Path, *arguments: str, **more: str) -> str:
    """Plain git, as a person runs it."""
    done = subprocess.run(
        ["git", *arguments], cwd=where, env=PLAIN | more, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def order_for(repository: str, **more: Any) -> Order:
    """An order for this repository."""
    fields = {
        "run": "run-1",
        "task": "Auto",
        "ticket": {"id": "1", "title": "Mend it"},
        "repository": repository,
        "base_branch": "main",
        "branch": "boardhand/1-mend-it",
        "large": _MODEL,
        "small": _MODEL,
        "verify": ["true"],
        "limits": _LIMITS,
    }
    return Order.model_validate(fields | more)


@dataclass
class Bench:
    """The server's repository, a person's clone of it, and the run's folders."""

    origin: Path
    person: Path
    layout: Settings
    order: Order

    @property
    def agent(self) -> Git:
        """Git as the agent has it."""
        return Git(self.layout, work_tree=self.layout.work)

    @property
    def head(self) -> str:
        """The work's last commit."""
        return self.agent.text("rev-parse", "HEAD")

    def commit(self, files: dict[str, str | bytes | None], message: str = "work") -> str:
        """What the agent commits; None removes a file."""
        put(self.layout.work, files)
        self.agent.run("add", "--all", "--force")
        self.agent.run("commit", "-q", "--allow-empty", "-m", message)
        return self.head

    def publish(self, **more: Any) -> Published:
        """The stage, with these fields of the order changed."""
        return publish.main(self.layout, self.order.model_copy(update=more))

    def person_pushes(self, branch: str, files: dict[str, str | bytes | None], *options: str) -> str:
        """A person's commit on a branch of the server."""
        put(self.person, files)
        git(self.person, "add", "--all", "--force")
        git(self.person, "commit", "-q", "-m", "by hand")
        git(self.person, "push", "-q", *options, str(self.origin), f"HEAD:refs/heads/{branch}")
        return git(self.person, "rev-parse", "HEAD")

    def refs(self) -> dict[str, str]:
        """Every reference of the server, by its name."""
        rows = git(self.origin, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(row.split(" ") for row in rows)


def put(folder: Path, files: dict[str, str | bytes | None]) -> None:
    """Write files; None removes one."""
    for name, content in files.items():
        file = folder / name
        if content is None:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def bench(folder: Path) -> Bench:
    """The run after its checkout of three commits with a file app.py: a copy of one that was made once."""
    if not _made:
        _made.append(tempfile.TemporaryDirectory(prefix="boardhand-test-"))
        _make(Path(_made[0].name))
    shutil.copytree(_made[0].name, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("requests"))
    layout = Settings(root=folder / "root", termination_log=folder / "termination")
    for pointer in (layout.work / ".git", layout.git_pointer):
        pointer.write_text(f"gitdir: {layout.git_dir}\n")
    return Bench(folder / "origin.git", folder / "person", layout, order_for(str(folder / "origin.git")))


_made: list[tempfile.TemporaryDirectory[str]] = []


def _make(folder: Path) -> None:
    person, origin = folder / "person", folder / "origin.git"
    person.mkdir()
    git(person, "init", "-q", "-b", "main")
    for number in range(3):
        put(person, {"app.py": f"x = {number}\n"})
        git(person, "add", "--all")
        git(person, "commit", "-q", "-m", f"commit {number}")
    git(person, "clone", "-q", "--bare", str(person), str(origin))
    checkout.main(empty(folder / "root"), order_for(str(origin)))

"""A command that starts processes without end comes to an end: in the workbench and in the proof, under every shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boardhand_api.pod import PROCESSES
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout

SHELLS = {
    name: command
    for name, command in {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}.items()
    if shutil.which(command[0])
}
ROOM = 60
"""So many more processes than there are."""
BOMB = "i=0; while [ $i -lt 200 ]; do sleep 60 >/dev/null 2>&1 & i=$((i+1)); done; echo started $i"
_NOBODY_ELSES = 50_000 + os.getpid() % 10_000
"""Root's processes are not limited, so for root the shell is somebody else, who has no others."""


def of_user(user: int) -> list[int]:
    """The threads of a user."""
    found = []
    for task in Path("/proc").glob("[0-9]*/task/[0-9]*"):
        try:
            found += [int(task.name)] if task.stat().st_uid == user else []
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():
        time.sleep(0.05)
    return condition()


class Somebody:
    """Whose processes are counted, and how a shell of theirs is started."""

    def __init__(self) -> None:
        self.root = os.geteuid() == 0
        self.user = _NOBODY_ELSES if self.root else os.getuid()
        self.limit = ROOM + len(of_user(self.user))
        # In a pod the agent is the same user: its commands are nobody else's to read.
        reads = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
        self.become = ["setpriv", "--reuid", str(self.user), "--clear-groups", *reads] if self.root else []

    def environment(self, **more: str) -> dict[str, str]:
        return dict(os.environ) | more | {PROCESSES: str(self.limit)}

    def give(self, folder: Path) -> None:
        """Make the folder, with all that is in it, theirs."""
        if self.root:
            subprocess.run(["chown", "-R", str(self.user), str(folder)], check=True)


@pytest.fixture
def somebody() -> Iterator[Somebody]:
    somebody = Somebody()
    yield somebody
    if somebody.root:
        subprocess.run(["pkill", "-KILL", "-U", str(somebody.user)], check=False)


@pytest.fixture
def layout() -> Iterator[Settings]:
    """Where somebody else may enter, which pytest's own folders do not let them."""
    with tempfile.TemporaryDirectory(prefix="boardhand-") as name:
        root = Path(name)
        root.chmod(0o755)
        layout = Settings(root=root, termination_log=root / "termination")
        for folder in (layout.work, layout.exec, layout.serve, layout.proof, layout.home):
            folder.mkdir(parents=True)
        checkout.place_workbench(layout)
        checkout.place_verify(layout)
        (layout.proof / "app.py").write_text("x = 1\n")
        layout.termination_log.touch()
        yield layout


@pytest.mark.slow
@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_a_bomb_in_the_workbench_stops_and_is_ended_with_its_command(
    layout: Settings, somebody: Somebody, shell: str
) -> None:
    somebody.give(layout.root)
    server = subprocess.Popen(
        [*somebody.become, *SHELLS[shell], str(layout.serve_script), str(layout.root)],
        env=somebody.environment(),
        start_new_session=True,
    )
    try:
        bench = FifoWorkbench(layout, patience_seconds=5)
        bench.wait_ready()
        result = bench.run(f"({BOMB}); sleep 60", 1)
        assert result.timed_out
        assert b"started 200" not in result.output
        assert b"fork" in result.output.lower()
        after = bench.run("echo fine", 5)
        assert (after.exit_code, after.output.strip()) == (0, b"fine")
        assert eventually(lambda: len(of_user(somebody.user)) < somebody.limit - ROOM + 10)
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_a_bomb_in_the_proof_is_red(layout: Settings, somebody: Somebody, shell: str) -> None:
    somebody.give(layout.root)
    # Not a pipe: what the bomb left behind would hold it open.
    output = layout.root / "output"
    with output.open("w") as sink:
        done = subprocess.run(
            [*somebody.become, *SHELLS[shell], str(layout.verify_script), "0", BOMB],
            env=somebody.environment(TERMINATION_LOG=str(layout.termination_log), TMPDIR=str(layout.home)),
            stdout=sink,
            stderr=sink,
            timeout=30,
        )
    said = output.read_text()
    assert done.returncode != 0
    assert "started 200" not in said
    assert "fork" in said.lower()

"""Cases about files and commands: what a model does step by step, and what it must be told each time."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from boardhand_api.order import OrderLimits
from boardhand_api.ticket import Ticket
from testbed.evals.case import Case, Expected, Outcome, one_of, outcome_of
from testbed.evals.classify import SUCCEEDED, Seen, classify
from testbed.evals.controls import DONE, script
from testbed.evals.model import standin
from testbed.evals.run import LIMITS, Job, Run, Serve, played, serve, surround, surround_without_git
from testbed.model.scripts import Step, ToolCall

CHECK = "echo 1..1\necho ok 1 - there\n"
MARK = "work.txt"
COMMAND_SECONDS = 20


@dataclass(frozen=True)
class Act:
    """One call, and what the model must be told of it."""

    call: ToolCall
    tells: str = ""
    """An expression that must be found; `.` matches newlines, too."""
    lacks: str = ""
    """An expression that must not be found."""


def act(name: str, tells: str = "", lacks: str = "", **arguments: Any) -> Act:
    """A call of the tool with these arguments."""
    return Act(ToolCall(name=name, arguments=arguments), tells, lacks)


def run(command: str, tells: str = "exit code 0", lacks: str = "") -> Act:
    """A command that is to end well unless `tells` says otherwise."""
    return act("run", tells, lacks, command=command)


WORK = act("write_file", "work.txt is ", path=MARK, content="done\n")
"""Without a change there would be nothing to publish."""
Problems = Callable[[Run], Iterable[str]]


@dataclass(frozen=True)
class Scene:
    """A run of its acts over a small repository; a last one writes a file unless there is `no_mark`."""

    name: str
    acts: Sequence[Act]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    """Of the repository, beside check.sh."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links of the repository, and where they point."""
    modes: Mapping[str, int] = field(default_factory=dict)
    """Permissions of files."""
    leaves: Mapping[str, str | bytes | None] = field(default_factory=dict)
    """What the published commit must have, byte for byte; None: not there. A link is its target."""
    expected: Expected = field(default_factory=lambda: one_of(SUCCEEDED))
    reason: str = ""
    """Of the failure."""
    mark: bool = True
    verify: str = "sh check.sh"
    setup: tuple[str, ...] = ()
    seconds: int = COMMAND_SECONDS
    """A command may take."""
    git: bool = False
    """Whether the git tools are there."""
    serve: Serve = serve
    holds: Problems = lambda _: ()
    """Says what else must be true and is not."""
    short: bool = False
    needs: tuple[str, ...] = ()


def case(scene: Scene) -> Case:
    """The scene as a case of the suite."""
    return Case(
        f"file-{scene.name}", "files", scene.expected, partial(play, scene), scene.short, ("git", "sh", *scene.needs)
    )


def play(scene: Scene) -> Outcome:
    """Take it through all stages."""
    acts = [*scene.acts, WORK] if scene.mark else [*scene.acts]
    standin().play(script([*(Step(calls=(one.call,)) for one in acts), DONE], "coder", scene.name))
    with tempfile.TemporaryDirectory(prefix="boardhand-scene-") as folder:
        source = Path(folder, "source")
        lay(scene, source)
        limits = LIMITS.model_copy(update={"command_timeout_seconds": scene.seconds})
        with played(_job(scene, source, limits), surround if scene.git else surround_without_git, scene.serve) as run:
            klass, said = classify(Seen(run.result, run.published, run.verify))
            return outcome_of(klass, said, run.result, tuple(problems(scene, acts, run)))


def lay(scene: Scene, source: Path) -> None:
    """The repository, committed: a copy of a folder would follow its links."""
    source.mkdir()
    for name, content in {"check.sh": CHECK, "README.md": "# Scene\n", **scene.files}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(_bytes(content))
    for name, target in scene.links.items():
        (source / name).symlink_to(target)
    for name, mode in scene.modes.items():
        (source / name).chmod(mode)
    about = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgSign=false"]
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "--all"],
        [*about, "commit", "-q", "-m", "base"],
    ):
        git(source, *words)


def _job(scene: Scene, source: Path, limits: OrderLimits) -> Job:
    ticket = Ticket(id="scene", title=f"Do what {scene.name} needs", body="No test is asked for.")
    return Job(source, ticket, (scene.verify,), standin().model, scene.setup, limits)


def problems(scene: Scene, acts: Sequence[Act], run: Run) -> Iterable[str]:
    """What the model was not told, and what the commit does not have."""
    yield from untold(acts, standin().answers, complete=run.result.commit is not None)
    failure = run.result.failure or (run.published.failure if run.published else None)
    if (failure.reason if failure else "") != scene.reason:
        yield f"the reason is {failure.reason if failure else 'none'}, not {scene.reason or 'none'}"
    if run.published is not None and run.published.commit is not None:
        for path, content in scene.leaves.items():
            if (there := blob(run, path)) != (None if content is None else _bytes(content)):
                yield f"in the commit, {path} is {_head(there)}"
    yield from scene.holds(run)


def untold(acts: Sequence[Act], answers: Sequence[str], *, complete: bool) -> Iterable[str]:
    """The answers that do not say what they must; all acts were to be answered where the run was `complete`."""
    if complete and len(answers) < len(acts):
        yield f"only {len(answers)} of {len(acts)} calls were answered"
    for number, (one, answer) in enumerate(zip(acts, answers, strict=False), 1):
        if not re.search(one.tells, answer, re.DOTALL) or (one.lacks and re.search(one.lacks, answer, re.DOTALL)):
            yield f"call {number} ({one.call.name}) was told: {_head(answer)}"


def blob(run: Run, path: str) -> bytes | None:
    """The file in the published commit."""
    done = subprocess.run(
        ["git", "-C", str(run.repository), "cat-file", "blob", f"{run.branch}:{path}"], capture_output=True, check=False
    )
    return None if done.returncode else done.stdout


def names(run: Run) -> list[str]:
    """The paths of the published commit, with their modes as 100644:path."""
    listed = git(run.repository, "ls-tree", "-r", "-z", run.branch).split("\0")
    return [f"{line.split(' ', 1)[0]}:{line.split(chr(9), 1)[1]}" for line in listed if line]


def git(folder: Path, *words: str) -> str:
    """What git printed. Raises CalledProcessError."""
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="surrogateescape").stdout


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _head(content: str | bytes | None) -> str:
    text = repr(content)
    return text if len(text) <= 200 else f"{text[:150]}…{text[-50:]}"

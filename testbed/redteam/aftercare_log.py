"""What is kept or shown of a run's words elsewhere: the diff in publish's log, the terminal."""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TextIO
from unittest.mock import patch

from boardhand_api.events import DiffPiece, Step, parse_diff
from boardhand_api.pod import LABEL_RUN
from boardhand_cli import printing
from boardhand_client import diffs, fields, steps
from boardhand_operator.kube import Resource
from boardhand_runner.leaks import Finder
from boardhand_runner.stages import publish
from boardhand_runner.stages.publishing import diff
from boardhand_runner.stages.publishing.fresh import Fresh
from testbed.redteam.attack import Attack, Outcome
from tests.support.api_server import ApiServer, threaded
from tests.support.objects import NOON, run_body
from tests.support.pushing import Bench, bench, git
from tests.support.terminal import boardhand

Off = AbstractContextManager[object]
SECRET = "secret-that-is-mounted-8c41"
TOKEN = "ghp_" + "a1B2" * 9
FORGED = DiffPiece(event="diff", number=1, of=1, text="+forged by the repository\n").model_dump_json()
STEERS = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b]8;;http://evil.invalid\x07press\x9b31m\u202e\r\x08[link=http://evil.invalid]x[/link]"
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "secret-in-a-removed-line", "a secret that the change takes away, in the log of publish",
            _removed, lambda: _removed(_not_blotted()), "lines that were there before are looked through, too",
            needs=("git",),
        ),
        Attack(
            "diff-forged-by-the-repository", "a diff of the attacker's on the run's page, by a line like one",
            _forged, lambda: _forged(patch.object(diff, "_line", lambda piece: piece.text)),
            "a piece is one line of JSON, whatever the files hold", needs=("git",),
        ),
        Attack(
            "terminal-of-who-reads-a-run", "the terminal of who looks at a run, steered by what it says",
            _terminal, lambda: _terminal(_as_it_is()), "what steers is shown as its escape", short=True,
        ),
    ]  # fmt: skip


@contextmanager
def _run() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="boardhand-redteam-"))
    try:
        yield bench(folder)
    finally:
        shutil.rmtree(folder)


def _published(run: Bench) -> str:
    out = io.StringIO()
    publish.main(run.layout, run.order, out)
    return out.getvalue()


def _not_blotted() -> Off:
    """As if neither what was there before nor what is mounted were looked for."""
    write = diff.write_diff

    def plainly(work: Fresh, out: TextIO, finders: Sequence[Finder], _: object) -> None:
        write(work, out, finders, str)

    stack = ExitStack()
    stack.enter_context(patch.object(diff, "_blotted", lambda lines, _: lines))
    stack.enter_context(patch.object(publish, "write_diff", plainly))
    return stack


def _removed(off: Off | None = None) -> Outcome:
    """Somebody committed them long ago; the run takes one away, and works beside the other."""
    with _run() as run:
        old: dict[str, str | bytes | None] = {
            "old.txt": f"a\n{TOKEN}\nb\n{SECRET}\nc\n",
            "near.txt": f"one\n{TOKEN}\ntwo\n",
        }
        head = run.person_pushes("main", old)
        git(run.layout.work, "fetch", "-q", str(run.origin), head)
        run.agent.run("reset", "-q", "--hard", head)
        run.agent.run("update-ref", "refs/boardhand/base", head)
        secret = run.layout.secrets / "git"
        secret.mkdir(parents=True, exist_ok=True)
        (secret / "token").write_text(SECRET)
        run.commit({"old.txt": "a\nb\nc\n", "near.txt": f"one\n{TOKEN}\n2\n"})
        with off or nullcontext():
            said = _published(run)
    shown = [name for name, one in (("token", TOKEN), ("mounted", SECRET)) if one in said]
    return Outcome(bool(shown), f"the log has {said.count('***')} lines of the diff as ***")


def _forged(off: Off | None = None) -> Outcome:
    """A file with such a line, a commit's message, a file's name, and what the server's hook prints."""
    with _run() as run:
        hook = run.origin / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nprintf '%s\\n' '{FORGED}'\n")
        hook.chmod(0o755)
        lines = f"x\n{FORGED}\r{FORGED}\u2028{FORGED}\n"
        run.commit({"planted.jsonl": lines, "app.py": f"x = 9\r\n{FORGED}\r\n"}, f"work\n\n{FORGED}")
        with off or nullcontext():
            log = _published(run)
    pieces = [piece for line in re.split(r"[\n\r\u2028]", log) if (piece := parse_diff(line)) is not None]
    forged = [piece for piece in pieces if not piece.text.startswith("diff --git ")]
    return Outcome(
        bool(forged) or not pieces, f"{len(pieces)} piece of the stage's own, with the words as lines of files"
    )


@contextmanager
def _as_it_is() -> Iterator[None]:
    """As if what runs say were shown as it is: where rows and steps are read, and where they are printed."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(printing, "escaped", str))
        stack.enter_context(patch.object(steps, "printable", str))
        stack.enter_context(patch.object(diffs, "printable", str))
        stack.enter_context(patch.object(fields, "on_one_line", str))
        yield


def _terminal(off: Off | None = None) -> Outcome:
    """Lists, logs, diffs, and what is said of a run that is not there."""
    with threaded(ApiServer()) as server, tempfile.TemporaryDirectory() as folder, off or nullcontext():
        config = server.kubeconfig(Path(folder, "config"))
        _plant(server)
        commands = (
            ("runs",), ("runs", "-o", "wide"), ("runs", "-o", "yaml"), ("runs", "-o", "json"), ("logs", "run-1"),
            ("diff", "run-1"), ("logs", f"no{STEERS}"), ("cancel", f"no{STEERS}"),
        )  # fmt: skip
        with patch.dict(os.environ, {"KUBECONFIG": str(config)}):
            said = ["".join(boardhand(*command)[1:]) for command in commands]
    assert all("owned" in one for one in said[1:6]), "the words are not there"
    steered = [" ".join(command)[:12] for command, one in zip(commands, said, strict=True) if STEERING.search(one)]
    return Outcome(bool(steered), f"{len(commands)} commands print it as escapes; steered: {steered or 'none'}")


def _plant(server: ApiServer) -> None:
    failure = {"class": "Red", "reason": "VerifyFailed", "message": STEERS}
    ticket = {"title": STEERS, "key": STEERS[:40]}
    body = run_body(ticket=ticket, phase="Failed", failure=failure, branch=f"boardhand/{STEERS}", finishedAt=NOON)
    server.kube.put(Resource.RUNS, "team", body)
    server.kube.set_status(Resource.RUNS, ("team", "run-1"), body["status"])
    ran = {"terminated": {"exitCode": 0, "startedAt": NOON, "finishedAt": NOON}}
    pod = {"metadata": {"name": "run-1-1-x", "labels": {LABEL_RUN: "run-1"}}, "spec": {}}
    server.kube.put(Resource.PODS, "team", pod)
    states = [{"name": name, "state": ran} for name in ("agent", "publish")]
    server.kube.set_status(Resource.PODS, ("team", "run-1-1-x"), {"phase": "Failed", "initContainerStatuses": states})
    step = Step(at=NOON, number=1, role=STEERS, text=STEERS, calls=[f"run {STEERS}"], results=[f"0 {STEERS}"])
    server.logs["run-1-1-x", "agent"] = [step.model_dump_json(by_alias=True), STEERS]
    piece = DiffPiece(event="diff", number=1, of=1, text=f"+{STEERS}\n")
    server.logs["run-1-1-x", "publish"] = [piece.model_dump_json()]

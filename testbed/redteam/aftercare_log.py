"""What is kept or shown of a run's words elsewhere: the diff in publish's log, the terminal, the metrics."""

from __future__ import annotations

import asyncio
import base64
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

import httpx

from boardhand_api.events import DiffPiece, FellBack, Step, parse_diff
from boardhand_api.pod import LABEL_RUN
from boardhand_api.result import Usage
from boardhand_cli import printing
from boardhand_client import diffs, fields, steps
from boardhand_operator.afterwards import Over
from boardhand_operator.changes import change_of
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.metrics import names, served
from boardhand_operator.metrics.admission import everybody
from boardhand_operator.observing import Written
from boardhand_operator.settings import Metrics
from boardhand_operator.views import Pool
from boardhand_operator.vitals import Role, Vitals
from boardhand_runner.leaks import Finder
from boardhand_runner.stages import publish
from boardhand_runner.stages.publishing import diff
from boardhand_runner.stages.publishing.fresh import Fresh
from testbed.redteam.attack import Attack, Outcome
from tests.support.api_server import ApiServer, threaded
from tests.support.fake_kube import FakeKube
from tests.support.objects import NOON, pool_body, run_body
from tests.support.pushing import Bench, bench, git
from tests.support.terminal import boardhand

Off = AbstractContextManager[object]
SECRET = "secret-that-is-mounted-8c41"
TOKEN = "ghp_" + "a1B2" * 9
FORGED = DiffPiece(event="diff", number=1, of=1, text="+forged by the repository\n").model_dump_json()
STEERS = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b]8;;http://evil.invalid\x07press\x9b31m\u202e\r\x08[link=http://evil.invalid]x[/link]"
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TICKET = "Show the total of ACME's secret merger"


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
        Attack(
            "metrics-without-end", "Prometheus' memory, by names that strangers choose",
            _series, lambda: _series(patch.object(names.Names, "of", lambda _, *value: value)),
            "so many names are told, and further ones as `other`",
        ),
        Attack("metrics-with-a-tickets-words", "what tickets say, where everybody may look", _words),
        Attack(
            "metrics-without-the-token", "the metrics, by who has no token",
            _scraped, lambda: _scraped(patch.object(served, "who_has", lambda _: everybody)),
            "who scrapes has the token",
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


class _Memory:
    """Of an operator that works."""

    def __init__(self) -> None:
        self.store = Store()

    def vitals(self) -> Vitals:
        return Vitals(Role.WORKING, watch_lag_seconds=0.5, lease_age_seconds=1.0, oldest_poll_seconds=2.0, waiting=3)

    def polled(self, _: Key) -> float | None:
        return None


def _told(most: int, title: str = "x") -> str:
    """All that is told of runs of so many pools, with models of so many names, and pools that are not there."""
    metrics = served.Metrics(_Memory(), {"read": 1})

    async def life() -> None:
        for number in range(most):
            about = {"ticket": {"title": f"{title} {number}", "key": title}, "pool": f"gone-{number}"}
            ended = {"finishedAt": NOON, "phase": "Failed", "branch": title}
            ended["failure"] = {"class": "Red", "reason": "VerifyFailed", "message": title}  # type: ignore[assignment]
            before, after = run_body(**about), run_body(**about, **ended)  # type: ignore[arg-type]
            pool = Pool.of(pool_body(f"p{number}"))
            metrics.counted.run_written(Written(before, after, None, None))
            one = Written(before, after, pool, None)
            metrics.counted.run_written(one)
            fell = FellBack(at=NOON, model="large-model", fallback=f"{number}{title}", reason="x")
            used = Step(at=NOON, number=1, role="coder", usage=Usage(prompt_tokens=1), text=title)
            await metrics.counted.over(Over(one, change_of(one), [fell, used]))
            metrics.counted.webhook(("team", f"none-{number}"), admitted=False)

    asyncio.run(life())
    return metrics.text("")[0].decode()


def _series(off: Off | None = None) -> Outcome:
    with off or nullcontext():
        text = _told(2 * names.POOLS)
    pools = set(re.findall(r'pool="([^"]*)"', text))
    models = set(re.findall(r'model="([^"]*)"', text))
    reached = len(pools) > names.POOLS + 1 or len(models) > names.MODELS + 2
    return Outcome(reached, f"{2 * names.POOLS} names are told as {len(pools)} pools and {len(models)} models")


def _words() -> Outcome:
    """A ticket's words in every field of it, and of the run; but for names of models, which are the pool's own."""
    text = _told(3, TICKET)
    shown = {line for line in text.splitlines() if TICKET in line and 'model="' not in line}
    return Outcome(bool(shown), f"{len(text.splitlines())} lines, with names of pools and models, classes and phases")


def _scraped(off: Off | None = None) -> Outcome:
    token = base64.b64encode(b"the-scrapers-own").decode()

    async def ask(file: Path) -> list[int]:
        metrics, asked = served.Metrics(_Memory(), {}), Metrics(("127.0.0.1", 0), token=file)
        async with served.serving(metrics, asked, FakeKube) as port, httpx.AsyncClient(trust_env=False) as http:
            said = ("", "Bearer", "Bearer x", f"Basic {token}", f"Bearer {token[:-1]}", token)
            return [
                (await http.get(f"http://127.0.0.1:{port}/metrics", headers={"authorization": one})).status_code
                for one in said
            ]

    with tempfile.TemporaryDirectory() as folder, off or nullcontext():
        file = Path(folder, "token")
        file.write_text(token)
        codes = asyncio.run(ask(file))
        file.unlink()
        gone = asyncio.run(ask(file))
    return Outcome(200 in [*codes, *gone], f"answered {codes}, and {sorted(set(gone))} once the file is gone")

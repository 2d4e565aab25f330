"""The log as JSON: one event one line, whatever is in it, with what it is about; and levels that mean something."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kopf
import pytest
from aiohttp.http_exceptions import BadHttpMessage

from boardhand_operator.kube import Resource
from boardhand_operator.log.fields import about, about_run, fields
from boardhand_operator.log.json_lines import JsonLine
from boardhand_operator.log.lines import set_up, waited_out
from boardhand_operator.memory.store import Key
from boardhand_operator.queue import WorkQueue
from boardhand_operator.redacting import Redactor, install
from tests.support.fuse import Fuse
from tests.support.objects import run_body
from tests.support.world import Replica, World, clocked

SECRET = 'pass"word\\with\nall'
Json = dict[str, Any]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the root logger writes as JSON."""
    out, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLine())
    root.addHandler(handler)
    yield out
    root.removeHandler(handler)


def lines(out: io.StringIO) -> list[Json]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_a_line_whatever_is_in_it(written: io.StringIO) -> None:
    evil = 'no\n{"level": "error"}\r\x1b[2K\u202e\u2028\x85end'
    logging.getLogger("boardhand_operator.x").warning("it said %s", evil)
    logged = logging.getLogger("boardhand_operator.x")
    logged.error("unexpected", exc_info=ValueError(evil), extra={"level": "info", "hidden": "x"})
    first, second = lines(written)
    assert written.getvalue().isascii()
    assert "\x1b" not in written.getvalue()
    assert first["message"] == f"it said {evil}"
    assert (first["level"], first["logger"], set(first)) == (
        "warning",
        "boardhand_operator.x",
        {"time", "level", "logger", "message"},
    )
    assert first["time"].endswith("Z")
    assert second["level"] == "error"
    assert second["error"].endswith(f"ValueError: {evil}")


async def test_a_line_says_what_it_is_about(written: io.StringIO) -> None:
    log = logging.getLogger("boardhand_operator.x")

    async def one() -> None:
        about_run(run_body())
        about(run="run-2")
        log.warning("here")

    await asyncio.create_task(one())
    log.warning("elsewhere")
    here, elsewhere = lines(written)
    about_it = {"namespace": "team", "run": "run-2", "pool": "shop", "ticket": "#1"}
    assert about_it.items() <= here.items()
    assert not about_it.keys() & elsewhere.keys()


async def test_a_look_at_a_run_and_a_bug_in_it_have_its_fields(written: io.StringIO) -> None:
    queue: WorkQueue[Key] = WorkQueue()
    world = World(Fuse())
    world.add_pool()
    world.kube.put(Resource.RUNS, "team", run_body())
    replica = Replica(world)
    seen: list[dict[str, str]] = []

    async def work(key: Key) -> float | None:
        await replica.reconciler.work(key)
        seen.append(dict(fields()))
        raise ArithmeticError("a bug")

    working = asyncio.create_task(queue.run(work, 1))
    with clocked(world.clock):
        queue.add(("team", "run-1"))
        async with asyncio.timeout(5):
            while "unexpected" not in written.getvalue():
                await asyncio.sleep(0.01)
    working.cancel()
    (line,) = [one for one in lines(written) if one["level"] == "error"]
    assert seen[0] == {"namespace": "team", "run": "run-1", "pool": "shop", "ticket": "#1"}
    assert seen[0].items() <= line.items()
    assert "ArithmeticError" in line["error"]


def test_kopfs_own_records_have_the_fields_too(written: io.StringIO) -> None:
    reference = {"kind": "CodingAgent", "name": "shop", "namespace": "team", "uid": "u"}
    logging.getLogger("kopf.objects").warning("told", extra={"k8s_ref": reference, "k8s_skip": True})
    (line,) = lines(written)
    assert (line["pool"], line["namespace"], "k8s_ref" in line) == ("shop", "team", False)


def test_secrets_are_gone_and_the_line_is_json_still() -> None:
    out, redactor = io.StringIO(), Redactor()
    redactor.know("team", {"token": SECRET, "key": '","level":"'})
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLine())
    root, old = logging.getLogger(), list(logging.getLogger().handlers)
    error = sys.stderr
    root.handlers = [handler]
    try:
        install(redactor)
        logging.getLogger("boardhand_operator").error("it said %s", SECRET)
    finally:
        root.handlers, sys.stderr = old, error
    (line,) = lines(out)
    assert line["message"] == "it said ***"


def record(name: str, message: str, error: Exception | None = None) -> logging.LogRecord:
    problem = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.ERROR, "f", 1, message, None, problem)


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (record("kopf.activities.startup", "Activity 'start' failed temporarily: not ready"), "WARNING"),
        (record("kopf._cogs.clients.api", "Request attempt #1/9 failed; will retry: GET /"), "WARNING"),
        (record("kopf._cogs.clients.api", "Request attempt #9/9 failed; escalating: GET /"), "ERROR"),
        (record("boardhand_operator.queue", "will retry"), "ERROR"),
        (record("aiohttp.server", "Error handling request from ::1", BadHttpMessage("x")), "WARNING"),
        (record("aiohttp.server", "Error handling request from ::1", KeyError("x")), "ERROR"),
    ],
)
def test_what_is_waited_out_is_no_error(told: logging.LogRecord, level: str) -> None:
    assert waited_out(told)
    assert told.levelname == level


def test_kopf_still_says_it_in_those_words() -> None:
    """What `waited_out` looks for stands in the kopf that is locked."""
    files = [*Path(kopf.__file__).parent.rglob("api.py"), *Path(kopf.__file__).parent.rglob("execution.py")]
    said = "".join(file.read_text() for file in files)
    for words in ("; will retry:", "will re-authenticate", "failed temporarily:"):
        assert words in said


def test_another_form_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="BOARDHAND_LOG_FORMAT='xml': give text or json"):
        set_up("INFO", "xml")


@pytest.mark.slow
def test_the_program_says_in_the_form_that_is_asked_for_what_is_wrong_with_its_settings() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), "BOARDHAND_LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-m", "boardhand_operator"], capture_output=True, text=True, env=env)
    assert done.returncode == 2
    (line,) = [json.loads(one) for one in done.stderr.splitlines()]
    assert (line["level"], "BOARDHAND_RUNNER_IMAGE" in line["message"]) == ("critical", True)

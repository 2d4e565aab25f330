"""What is told of runs to Prometheus: names without end, words of tickets, and who may look."""

from __future__ import annotations

import asyncio
import base64
import re
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

import httpx

from boardhand_api.events import FellBack, Step
from boardhand_api.result import Usage
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.metrics import names, served
from boardhand_operator.metrics.admission import everybody
from boardhand_operator.observing import Written
from boardhand_operator.observing.afterwards import Over
from boardhand_operator.observing.changes import change_of
from boardhand_operator.settings import Metrics
from boardhand_operator.views import Pool
from boardhand_operator.vitals import Role, Vitals
from testbed.redteam.attack import Attack, Outcome
from tests.support.fake_kube import FakeKube
from tests.support.objects import NOON, pool_body, run_body

Off = AbstractContextManager[object]
TICKET = "Show the total of ACME's secret merger"


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
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

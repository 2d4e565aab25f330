"""What becomes of the pull requests of runs that are settled: the forge is asked now and then, while they are open.

Of those that were closed it is asked far more seldom: somebody may open one again. A merged one stays so.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from boardhand_api.pod import CLOSED, LABEL_PULL_REQUEST, OPEN
from boardhand_api.run_status import PullRequest
from boardhand_operator.after.labels import following
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Misconfigured, NotFound, RateLimited, Remote
from boardhand_operator.forges import Forge
from boardhand_operator.forges.address import require_page
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.services import Services
from boardhand_operator.views import Pool, readable_runs

EVERY = 600.0
"""Seconds between two looks of a pool."""
SOONEST = 10.0
"""However often the forge calls: seconds from one look to the next, at least."""
EACH = 3.0
"""Seconds more, for each that was asked for: the board lives on the same limit, and forges call with every check."""
LOOKS = 50
"""Pull requests that are asked for in one look, those that were not for longest first."""
CLOSED_EVERY = 6 * 3600.0
"""Seconds between two looks at those that were closed; where the forge called, EVERY is enough."""
CLOSED_LOOKS = 20
"""As LOOKS, of those that were closed."""
GIVEN_UP = timedelta(days=90)
"""A pull request is looked after for so long from its run's end."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Followed:
    """What is needed of a run whose pull request is looked after."""

    name: str
    version: str
    pull: PullRequest
    commit: str | None
    """The commit that was proved."""
    since: datetime

    def label(self, now: datetime) -> str | None:
        """Which label it is to have; None: nobody looks after it any more."""
        return None if now - self.since >= GIVEN_UP else following(self.pull.state)


class PullRequests:
    """Those of one pool."""

    def __init__(self, key: Key, kube: Kube, store: Store, services: Services) -> None:
        self._key, self._kube, self._store, self._services = key, kube, store, services
        self._called = asyncio.Event()
        self._looked: dict[str, dict[str, float]] = {OPEN: {}, CLOSED: {}}
        """When each run's was last asked for (monotonic seconds), by the label."""
        self._closed_at = time.monotonic() + random.random() * CLOSED_EVERY  # noqa: S311 (jitter)
        """When those that were closed are looked at, whoever calls (monotonic seconds)."""
        self._asked = 0
        """How many the present look has asked for."""
        self._closed_looked = self._called_at = -math.inf
        """When the last such look began, and when the forge last called: of which one, nobody reads."""

    def called(self) -> None:
        """Look now: the forge says that something happened. Many calls are one."""
        self._called_at = time.monotonic()
        self._called.set()

    async def run(self) -> None:
        """Look after look; the first one at any moment of the time between two, so that those of many pools spread."""
        pause, least = random.random() * EVERY, 0.0  # noqa: S311 (jitter)
        while True:
            await self._rest(pause, least)
            least = max(SOONEST, await self._round())
            pause = max(least, EVERY * random.uniform(0.9, 1.1))  # noqa: S311

    async def _rest(self, pause: float, least: float) -> None:
        """least: what no call shortens."""
        await asyncio.sleep(least)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause - least):
                await self._called.wait()
        self._called.clear()

    async def _round(self) -> float:
        """One look; for how many seconds nothing more is to be asked for."""
        self._asked = 0
        body = self._store.get(Resource.POOLS, self._key)
        try:
            pool = Pool.of(body) if body else None
            forge = await self._services.forge(pool) if pool else None
            if pool and forge and forge.pull_requests:
                await self.look(pool, forge, datetime.now(UTC))
        except RateLimited as limited:
            _log.info("pool %s/%s: %s", *self._key, limited)
            return max(limited.retry_after, self._asked * EACH)
        except (Misconfigured, Remote, ApiException, aiohttp.ClientError, OSError) as refused:
            # The pool's own worker says what is wrong with it, where people look.
            _log.info("pool %s/%s: its pull requests are not looked at: %s", *self._key, refused)
        return self._asked * EACH

    async def look(self, pool: Pool, forge: Forge, now: datetime) -> None:
        """Ask for those that are due, and write what has changed. Raises what forge and API server raise."""
        await self._look_at(OPEN, LOOKS, pool, forge, now)
        began = time.monotonic()
        if self._closed_due(began):
            await self._look_at(CLOSED, CLOSED_LOOKS, pool, forge, now)
            self._closed_looked, self._closed_at = began, began + CLOSED_EVERY

    def _closed_due(self, at: float) -> bool:
        called = self._called_at > self._closed_looked and at >= self._closed_looked + EVERY
        return called or at >= self._closed_at

    async def _look_at(self, label: str, most: int, pool: Pool, forge: Forge, now: datetime) -> None:
        there = await self._followed(pool, label)
        looked = {one.name: self._looked[label][one.name] for one in there if one.name in self._looked[label]}
        self._looked[label] = looked
        for one in [one for one in there if one.label(now) != label]:
            await self._mark(one, one.label(now))
        due = sorted((one for one in there if one.label(now) == label), key=lambda one: looked.get(one.name, 0.0))
        for one in due[:most]:
            looked[one.name] = time.monotonic()
            self._asked += 1
            await self._ask(forge, one)

    async def _followed(self, pool: Pool, label: str) -> list[_Followed]:
        found = []
        async for body in self._kube.list(Resource.RUNS, pool.namespace, f"{LABEL_PULL_REQUEST}={label}"):
            if body["spec"].get("pool") == pool.name and (one := _read(body)):
                found.append(one)
        return found

    async def _ask(self, forge: Forge, one: _Followed) -> None:
        try:
            now = await forge.followed(one.pull.number)
        except NotFound:
            # It may be back: a repository that was moved, an account that lost its rights.
            return
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
            _log.error("%s/%s: a pull request of another shape", self._key[0], one.name, exc_info=wrong)
            return
        if not _is_it(one, now):
            return
        if now.head and (one.commit or "").startswith(now.head):
            now = now.model_copy(update={"head": one.commit})
        if now == one.pull:
            return
        await self._write(one, now)

    async def _write(self, one: _Followed, now: PullRequest) -> None:
        """The status first, since the label follows from it."""
        patch = {"metadata": {"resourceVersion": one.version}, "status": {"pullRequest": now.wire()}}
        body = await self._patch(one, patch, "status")
        if body and now.state is not one.pull.state:
            _log.info("%s/%s: pull request %s is %s", self._key[0], one.name, now.url, now.state.lower())
            if (written := _read(body)) is not None:
                await self._mark(written, following(now.state))

    async def _mark(self, one: _Followed, label: str | None) -> None:
        labels = {LABEL_PULL_REQUEST: label}
        await self._patch(one, {"metadata": {"resourceVersion": one.version, "labels": labels}})

    async def _patch(self, one: _Followed, patch: dict[str, Any], sub: str = "") -> Mapping[str, Any] | None:
        """What is written of a run that is as it was seen; else it is looked at again the next time."""
        try:
            return await self._kube.patch(Resource.RUNS, self._key[0], one.name, patch, sub)
        except ApiException as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
            return None


def _is_it(one: _Followed, now: PullRequest) -> bool:
    """Whether that is the run's. At another address the repository was renamed, where the commit is one that we know;
    else the pool has another one by now, where this number is another's."""
    if now.url == one.pull.url:
        return True
    known = [commit for commit in (one.commit, one.pull.head) if commit]
    if not now.head or not any(commit.startswith(now.head) for commit in known):
        return False
    with suppress(Misconfigured):
        require_page(now.number, now.url)
        return True
    return False


def _read(body: Mapping[str, Any]) -> _Followed | None:
    """None for a run that has no pull request, or that cannot be read."""
    for run in readable_runs([body]):
        pull, ended = run.status.pull_request, run.status.finished_at
        if pull is None or ended is None:
            return None
        version = str(body["metadata"]["resourceVersion"])
        return _Followed(run.name, version, pull, run.status.commit, parse_time(ended))
    return None

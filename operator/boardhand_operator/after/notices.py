"""Telling a pool's notifications what came of its runs: after the run is settled, once each.

A label marks runs of which something is to be told, set with the write that settles them. What was told stands in the
status before the label goes; so a crash between the call and that write has it told a second time, and nothing else
does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from boardhand_api.notification import Notification
from boardhand_api.pod import LABEL_NOTIFY, PENDING
from boardhand_operator.act.doing import Doing
from boardhand_operator.after.calling import Untold, call, check_address
from boardhand_operator.after.labels import to_tell
from boardhand_operator.after.message import message
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool, Run, readable_runs

GIVEN_UP = timedelta(hours=1)
"""From when the run was settled."""
FIRST, LONGEST = 5.0, 600.0
"""Seconds until the second try, doubled for each further one, and what that comes to at most."""
HELD = 200
"""Runs that are held in memory; further ones are found by their label once these are done."""
AT_ONCE = 4
AGAIN = 60.0
"""Seconds until an API server that refuses is asked again."""
_log = logging.getLogger(__name__)


@dataclass
class _Due:
    """A run of which something is to be told."""

    run: Run
    at: float = 0.0
    """When it is tried next (monotonic seconds)."""
    tries: int = 0
    sent: list[str] = field(default_factory=list)
    """Notifications that took it, whether or not that is written."""


class Notices:
    """Those of one pool."""

    def __init__(self, key: Key, kube: Kube, store: Store, services: Services, settings: Settings) -> None:
        self._key, self._kube, self._store, self._services, self._settings = key, kube, store, services, settings
        self._held: dict[str, _Due] = {}
        self._more = True
        """Whether there may be runs with the label that are not held."""
        self._look_at = 0.0
        """When they are looked for."""
        self._woken = asyncio.Event()

    def settled(self, run: Mapping[str, Any]) -> None:
        """A run of the pool was settled here."""
        if LABEL_NOTIFY in (run["metadata"].get("labels") or {}):
            self._hold(run)
            self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.round()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._woken.wait()
            self._woken.clear()

    async def round(self) -> None:
        """Tell whatever is due."""
        now = time.monotonic()
        try:
            pool = self._pool()
            if self._more and not self._held and now >= self._look_at:
                await self._find(pool)
            due = sorted((one for one in self._held.values() if one.at <= now), key=lambda one: one.at)
            for some in (due[at : at + AT_ONCE] for at in range(0, len(due), AT_ONCE)):
                await asyncio.gather(*(self._tell(pool, one) for one in some))
        except (ApiException, aiohttp.ClientError, OSError) as refused:
            _log.warning("pool %s/%s: its notifications wait for the API server: %s", *self._key, refused)
            self._look_at = now + AGAIN

    def _pause(self) -> float | None:
        times = [one.at for one in self._held.values()]
        times += [self._look_at] if self._more and not self._held and self._pool() else []
        return max(0.1, min(times) - time.monotonic()) if times else None

    def _pool(self) -> Pool | None:
        """None where it is gone, or has nobody to tell."""
        body = self._store.get(Resource.POOLS, self._key)
        try:
            pool = Pool.of(body) if body else None
        except Misconfigured:
            return None
        return pool if pool and pool.spec.notifications else None

    async def _find(self, pool: Pool | None) -> None:
        if pool is None:
            return
        self._more = False
        async for body in self._kube.list(Resource.RUNS, self._key[0], f"{LABEL_NOTIFY}={PENDING}"):
            if body["spec"].get("pool") == pool.name:
                self._hold(body)

    def _hold(self, body: Mapping[str, Any]) -> None:
        for run in readable_runs([body]):
            if len(self._held) < HELD:
                self._held.setdefault(run.name, _Due(run))
            else:
                self._more = True

    async def _tell(self, pool: Pool | None, due: _Due) -> None:
        """Tell those who were not told, write who was; then either all is done, or there is a next try."""
        due.tries += 1
        due.at = time.monotonic() + min(FIRST * 2.0 ** (due.tries - 1), LONGEST)
        failed = await self._send_all(pool, due) if pool else {}
        if not await self._written(due):
            self._held.pop(due.run.name, None)
            return
        if failed and datetime.now(UTC) - _settled_at(due.run) < GIVEN_UP:
            return
        if failed:
            why = "; ".join(f"{name}: {said}" for name, said in failed.items())
            doing = Doing(self._kube, self._store, self._services, self._settings, due.run, pool)
            await doing.tell("NotNotified", f"for an hour a notification was not taken ({why})", warning=True)
        await self._patch(due, {"metadata": {"uid": due.run.uid, "labels": {LABEL_NOTIFY: None}}})
        self._held.pop(due.run.name, None)

    async def _send_all(self, pool: Pool, due: _Due) -> dict[str, str]:
        """Why not, by name, of those that did not take it."""
        wanted = [one for one in to_tell(due.run, pool.spec) if one.name not in due.sent]
        failed = {}
        for one, untold in zip(
            wanted, await asyncio.gather(*(self._send(pool, one, due) for one in wanted)), strict=True
        ):
            if untold is None:
                due.sent.append(one.name)
                continue
            _log.info("%s/%s: notification %s: %s", pool.namespace, due.run.name, one.name, untold)
            failed[one.name] = str(untold)
            due.at = max(due.at, time.monotonic() + (untold.retry_after or 0.0))
        return failed

    async def _send(self, pool: Pool, one: Notification, due: _Due) -> Untold | None:
        try:
            address = await self._services.address(pool, one)
            check_address(address, plain_http=one.plain_http)
            body = self._services.redactor.cleaned(pool.namespace, message(due.run))
            await call(self._services.connection, address, body)
        except Misconfigured as wrong:
            return Untold(wrong.message)
        except Untold as untold:
            return untold
        return None

    async def _written(self, due: _Due) -> bool:
        """Write who was told; whether the run is still there."""
        delivery = due.run.status.delivery
        before = delivery.notified if delivery else []
        if set(due.sent) <= set(before):
            return True
        notified = [*before, *(name for name in due.sent if name not in before)]
        patch = {"metadata": {"uid": due.run.uid}, "status": {"delivery": {"notified": notified}}}
        return await self._patch(due, patch, "status")

    async def _patch(self, due: _Due, patch: dict[str, Any], sub: str = "") -> bool:
        """Whether the run is still there, and no other of its name."""
        try:
            body = await self._kube.patch(Resource.RUNS, self._key[0], due.run.name, patch, sub)
        except ApiException as refused:
            if refused.status == HTTPStatus.CONFLICT:
                return False
            raise
        if body is not None:
            due.run = Run.of(body)
        return body is not None


def _settled_at(run: Run) -> datetime:
    """When board and forge had been told: that may be long after the outcome was recorded."""
    over = next((one for one in run.status.conditions if one.type == "Reconciling" and one.status == "False"), None)
    return parse_time(over.last_transition_time if over else run.status.finished_at or "")

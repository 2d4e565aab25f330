"""One look at one run: gather, decide, act. And the one place where errors become waiting."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from http import HTTPStatus

from boardhand_operator.act import Doing, carry_out
from boardhand_operator.act.doing import REFUSED, Gone
from boardhand_operator.decide.actions import Launch
from boardhand_operator.decide.deciding import decide
from boardhand_operator.errors import Misconfigured, Remote
from boardhand_operator.gathering import gather
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.logs import Logs
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.minted import keep
from boardhand_operator.queue import WorkQueue
from boardhand_operator.sealed import keep as sealed
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.telling import about_run
from boardhand_operator.views import Run
from boardhand_operator.waits import Waits

_AGAIN = 5.0
_ELSEWHERE = 10.0
_log = logging.getLogger(__name__)


class Reconciler:
    """Works run keys of the queue."""

    def __init__(self, kube: Kube, store: Store, services: Services, settings: Settings, queue: WorkQueue[Key]) -> None:
        self._kube = kube
        self._store = store
        self._services = services
        self._settings = settings
        self._queue = queue
        self._logs = Logs(kube)
        self._waits = Waits(queue.add, services.gates.clock)
        services.gates.opened = self._waits.opened
        self._elsewhere: dict[Key, float] = {}
        """Until when another operator is left to work a run: event loop's time."""

    async def work(self, key: Key) -> float | None:
        """Look at the run once; in how many seconds to look again.

        What boards, forges, the API server or the network refuse now is waited out: nothing is lost, since every
        action can be repeated.
        """
        body = self._store.get(Resource.RUNS, key)
        left = self._elsewhere.pop(key, 0) - asyncio.get_running_loop().time()
        if body is None:
            self._waits.over(key)
            return None
        if left > 0:
            return self._leave(key, left)
        about_run(body)
        self._store.turns.look(key)
        try:
            return await self._once(Run.of(body))
        except Gone:
            self._store.gone(Resource.RUNS, body)
            return None
        except ApiException as refused:
            _log.warning("%s/%s: %s", *key, refused)
            # Somebody wrote the status since it was read: an operator whose pod is just ending, or a second replica.
            # It goes on with the run; two that deliver side by side would open two pull requests.
            return self._leave(key, _ELSEWHERE) if refused.status == HTTPStatus.CONFLICT else _AGAIN
        except REFUSED as refused:
            _log.warning("%s/%s: %s; again in %.0f s", *key, refused, _AGAIN)
            return _AGAIN
        finally:
            for waits in self._store.turns.due():
                self._queue.add(waits)

    async def _once(self, run: Run) -> float | None:
        try:
            facts = await gather(self._kube, self._store, self._settings, self._services, self._logs, run)
        except Remote as refused:
            unseen = Doing(self._kube, self._store, self._services, self._settings, run, None)
            return await self._waits.wait(unseen, refused)
        decision = decide(facts)
        if decision.actions:
            _log.debug("%s/%s: %s", run.namespace, run.name, decision.why)
        doing = Doing(self._kube, self._store, self._services, self._settings, run, facts.pool)
        begins = any(isinstance(action, Launch) for action in decision.actions)
        if facts.turn.place and not begins:
            self._store.turns.hold(run)
        with self._store.turns.beginning(run) if begins else nullcontext():
            try:
                await carry_out(doing, decision)
                renewals = await keep.keep(doing), await sealed.keep(doing)
            except (Remote, Misconfigured) as refused:
                return await self._waits.wait(doing, refused)
        self._waits.over((run.namespace, run.name))
        if decision.actions and not doing.run.status.phase.finished:
            self._queue.add((run.namespace, run.name))
        return min((seconds for seconds in (decision.again, *renewals) if seconds is not None), default=None)

    def _leave(self, key: Key, seconds: float) -> float:
        """Leave the run alone for so long, whatever the watches show."""
        self._elsewhere[key] = asyncio.get_running_loop().time() + seconds
        return seconds

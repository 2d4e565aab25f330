"""One look at one run: gather, decide, act. And the one place where errors become waiting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from http import HTTPStatus

from boardhand_operator.act import Doing, carry_out
from boardhand_operator.act.doing import REFUSED, Gone
from boardhand_operator.cluster.logs import Logs
from boardhand_operator.decide.actions import Action, Launch
from boardhand_operator.decide.deciding import decide
from boardhand_operator.errors import Misconfigured, Remote
from boardhand_operator.gathering import gather
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.log.fields import about_run
from boardhand_operator.memory.store import Json, Key, Store
from boardhand_operator.minted import keep
from boardhand_operator.queue import WorkQueue
from boardhand_operator.sealed import keep as sealed
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
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
        self._unsure: set[Key] = set()
        """Runs of whose last write nobody knows whether it was taken: they are read anew before anything is decided."""
        self._did: dict[Key, Sequence[Action]] = {}
        """What was last done for each run that is looked at again at once."""

    async def work(self, key: Key) -> float | None:
        """Look at the run once; in how many seconds to look again.

        What boards, forges, the API server or the network refuse now is waited out: nothing is lost, since every
        action can be repeated.
        """
        body = self._store.get(Resource.RUNS, key)
        left = self._elsewhere.pop(key, 0) - asyncio.get_running_loop().time()
        if body is None:
            self._waits.over(key)
            self._did.pop(key, None)
            self._unsure.discard(key)
            return None
        if left > 0:
            return self._leave(key, left)
        about_run(body)
        self._store.turns.look(key)
        done = False
        try:
            if key in self._unsure:
                await self._read_anew(key, body)
            known = self._store.get(Resource.RUNS, key)
            again = await self._once(Run.of(known)) if known else None
            done = True
            return again
        except Gone:
            body = self._store.get(Resource.RUNS, key) or body
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
            if not done:
                self._cut_off(key, body)
            for waits in self._store.turns.due():
                self._queue.add(waits)

    def _cut_off(self, key: Key, body: Json) -> None:
        """A look ended before its time."""
        if self._store.get(Resource.RUNS, key) is not None:
            self._unsure.add(key)
        else:
            # Its watch may have told that before the ticket was claimed or moved, or not at all.
            self._services.deleted(body)

    async def _read_anew(self, key: Key, body: Json) -> None:
        """Raises Gone, and what the API server raises."""
        found = await self._kube.get(Resource.RUNS, *key)
        uid = body["metadata"]["uid"]
        if found is None or found["metadata"]["uid"] != uid:
            raise Gone(key[1])
        self._unsure.discard(key)
        self._store.put(Resource.RUNS, found)
        self._store.turns.begun(key, uid)

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
                if self._store.get(Resource.RUNS, (run.namespace, run.name)) is None:
                    raise Gone(run.name) from refused
                return await self._waits.wait(doing, refused)
        self._waits.over((run.namespace, run.name))
        again = self._at_once(doing.run, decision.actions)
        return min((seconds for seconds in (again, decision.again, *renewals) if seconds is not None), default=None)

    def _at_once(self, run: Run, done: Sequence[Action]) -> float | None:
        """Look again at once at a run for which something was done. Where that is what was done the last time, it
        changed nothing that is known here: then in how many seconds."""
        key = (run.namespace, run.name)
        before = self._did.pop(key, None)
        if not done or run.status.phase.finished:
            return None
        self._did[key] = done
        if before == done:
            return _AGAIN
        self._queue.add(key)
        return None

    def _leave(self, key: Key, seconds: float) -> float:
        """Leave the run alone for so long, whatever the watches show."""
        self._elsewhere[key] = asyncio.get_running_loop().time() + seconds
        return seconds

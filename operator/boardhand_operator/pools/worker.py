"""One worker a pool: check its board and forge, poll the ready column, make TicketRuns."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp

from boardhand_api.pool_status import CodingAgentStatus, Subscribed
from boardhand_operator.after import addresses
from boardhand_operator.boards import Board
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Misconfigured, RateLimited, Remote, RemoteUnavailable
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.money import budget
from boardhand_operator.pools import health, people, plans, retention, trust
from boardhand_operator.pools.cards import Cards
from boardhand_operator.pools.commanding import Commands
from boardhand_operator.pools.health import Problem
from boardhand_operator.pools.pace import Failing, Pause, failed
from boardhand_operator.pools.rest import Rest
from boardhand_operator.pools.tickets import Tickets
from boardhand_operator.queue import WorkQueue
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.specs import shape
from boardhand_operator.views import Pool, Run
from boardhand_operator.webhooks import hooks
from boardhand_operator.webhooks.relay import of_board

_CHECK_AGAIN = timedelta(minutes=10)
_POLL_NOTED = timedelta(seconds=60)
"""The time of the last poll is written so often at most: a status write wakes every watcher."""
_POLL_SECONDS = 30
"""A pool without a board is looked at so often."""
_log = logging.getLogger(__name__)


class PoolWorker:
    """Works one pool until cancelled. Backs off alone: one broken board never delays another."""

    def __init__(
        self, key: Key, kube: Kube, store: Store, services: Services, settings: Settings, queue: WorkQueue[Key]
    ) -> None:
        self._key = key
        self._kube = kube
        self._store = store
        self._services = services
        self._settings = settings
        self._queue = queue
        self._rest = Rest()
        self._people = people.People()
        self._cards = Cards(kube, store, queue)
        self._tickets = Tickets(kube, store, queue, self._people)
        self._commands = Commands(kube, store, queue, self._people)
        self._swept: datetime | None = None
        self._checked: tuple[int, datetime] | None = None
        self._generation = 0
        self._passed_on = ""
        self._failing: Failing | None = None
        self._webhook: Problem | None = hooks.UNKNOWN
        self._hooks: dict[str, Subscribed] | None = None
        """What board and forge know of their webhooks; None: not known yet."""
        self._untold: Problem | None = addresses.UNKNOWN
        """What is wrong with the notifications."""
        self.polled_at: float | None = None
        """When the board was last read in full (monotonic seconds); None: not yet, or there is nothing to read."""

    def wake(self, generation: int, passed_on: str = "") -> None:
        """Look at the pool now if its spec changed. passed_on: changes where another replica was told of a webhook."""
        if generation != self._generation:
            self._generation = generation
            self._rest.end()
        if passed_on != self._passed_on:
            self._passed_on = passed_on
            if of_board(passed_on):
                self.poke()

    def run_deleted(self, run: Run) -> None:
        """Look now for the ticket whose run was deleted."""
        if run.status.claim is None:
            # It may have claimed its ticket and moved it, and not come to note that.
            self._tickets.let_be(run)
        self._cards.sweep()
        self._rest.end()

    def poke(self) -> None:
        """Poll now, as a webhook asks for; many are one. While the board fails its back-off goes on."""
        self._rest.end_patiently()

    async def run(self, first: float = 0.0) -> None:
        """Round after round; the first one after so many seconds."""
        if first:
            await self._rest.before_the_first(first)
        while True:
            began = self._rest.round_begins()
            pause = await self._round()
            await self._rest.until_next(pause, began)

    async def _round(self) -> Pause:
        """Check, poll, say what was found; the pause until the next round."""
        body = self._store.get(Resource.POOLS, self._key)
        if body is None:
            return Pause(1.0)
        try:
            pool = Pool.of(body)
        except Misconfigured as wrong:
            _log.error("pool %s/%s: %s", *self._key, wrong)
            return Pause(60.0)
        pause = Pause(float(pool.spec.board.poll_seconds if pool.spec.board else _POLL_SECONDS))
        try:
            await self._services.ledgers.sweep(self._store, pool)
            problem = await self._look(pool)
        except RateLimited as limited:
            _log.warning("pool %s/%s: %s; nothing is asked for %.0f s", *self._key, limited, limited.retry_after)
            return replace(pause, least=limited.retry_after)
        except (ApiException, aiohttp.ClientError, OSError) as refused:
            _log.warning("pool %s/%s: the API server: %s", *self._key, refused)
            return pause
        if problem:
            await self._services.forget(self._key)
            self._checked = None
        return Pause(self._failing.wait(pause.seconds), patient=True) if self._failing else pause

    async def _look(self, pool: Pool) -> Problem | None:
        """One round with the problem found, which is also written into the pool's status."""
        now = datetime.now(UTC)
        flagged = health.run_problem(pool, now, self._settings.configuration_retry_seconds)
        problem: Problem | None = None
        polled = False
        failing, self._failing = self._failing, None
        try:
            await self._services.policies.ensure(pool, self._settings.network)
            await self._check(pool, now)
            if board := await self._services.board(pool):
                polled = await self._poll(pool, board, now, taking=flagged is None and not pool.spec.suspend)
            self.polled_at = time.monotonic() if polled else None
        except RateLimited:
            raise
        except Misconfigured as wrong:
            problem = Problem(wrong.reason, wrong.message)
        except RemoteUnavailable as down:
            self._failing = failed(failing, now, down.retry_after)
            wait = self._failing.wait(pool.spec.board.poll_seconds if pool.spec.board else _POLL_SECONDS)
            problem = Problem(down.reason, f"{down}. {self._failing.told(now, wait)}")
        except Remote as refused:
            problem = Problem(refused.reason, str(refused))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
            # Whoever answers for the board may answer anything; and where it is a fault of ours, the log has it whole.
            _log.error("pool %s/%s: an answer of another shape", *self._key, exc_info=wrong)
            self._failing = failed(failing, now, None)
            text = f"board or forge answer in a form not theirs ({type(wrong).__name__}): see the operator's log"
            problem = Problem("AnswerUnreadable", text)
        if polled and (self._swept is None or now - self._swept >= retention.EVERY):
            await retention.sweep(self._kube, pool, now, self._tickets.known)
            self._swept = now
        await self._report(pool, problem, now, polled)
        return problem

    async def _check(self, pool: Pool, now: datetime) -> None:
        if self._checked and self._checked[0] == pool.generation and now - self._checked[1] < _CHECK_AGAIN:
            return
        shape.check(pool.spec)
        budget.check(pool.spec)
        plans.check(pool)
        await self._services.require_secrets(pool)
        board, forge = await self._services.board(pool), await self._services.forge(pool)
        if board:
            await board.check()
            await people.check(pool, board, self._people, now)
        if forge:
            await forge.check()
        self._untold = await addresses.see_to(pool, self._services)
        wanted = hooks.subscribed(pool, await self._services.hook_secrets(pool))
        callers, listening = {"board": board, "forge": forge}, self._settings.webhooks is not None
        self._webhook, self._hooks = await hooks.see_to(pool, callers, wanted, listening=listening)
        self._checked = (pool.generation, now)

    async def _poll(self, pool: Pool, board: Board, now: datetime, *, taking: bool) -> bool:
        """Read the board, and take tickets; whether the ready column was read for it."""
        columns, since = self._cards.columns(pool), self._commands.since(pool, now)
        if not taking and not columns and since is None:
            return False
        look = await board.look(columns, since)
        await self._cards.follow(pool, board, look.members)
        # Before tickets are taken: what a command allows the next attempt is in time for it.
        if await self._commands.follow(pool, board, look.said, now):
            self.poke()
        if not taking:
            return False
        await self._tickets.take(pool, board, look.ready, now)
        return True

    async def _report(self, pool: Pool, problem: Problem | None, now: datetime, polled: bool) -> None:
        """Write the status where it differs from what stands there; wake the runs that got a turn by it."""
        # A run may have flagged the pool since the round began.
        body = self._store.get(Resource.POOLS, self._key)
        pool = Pool.of(body) if body else pool
        flagged = health.run_problem(pool, now, self._settings.configuration_retry_seconds)
        working, queued = self._store.turns.counts(self._key)
        last = pool.status.last_poll_time
        if polled and (last is None or now - parse_time(last) >= _POLL_NOTED):
            last = stamp(now)
        said = hooks.with_webhook(health.conditions(pool, problem, flagged, now), pool, self._webhook, now)
        said = addresses.with_notifications(said, pool, self._untold, now)
        status = CodingAgentStatus(
            observed_generation=pool.generation,
            conditions=trust.with_trigger(said, pool, self._tickets.left_alone, now),
            working=working,
            queued=queued,
            last_poll_time=last,
            spending=pool.status.spending,
            webhooks=pool.status.webhooks if self._hooks is None else self._hooks,
        )
        if status == pool.status:
            return
        # What is booked is written by `ledgers` alone: this memory of it may be old by now.
        fields = {name: value for name, value in status.wire().items() if name != "spending"}
        fields["webhooks"] |= dict.fromkeys(pool.status.webhooks.keys() - status.webhooks.keys())
        body = await self._kube.patch(Resource.POOLS, *self._key, {"status": fields}, "status")
        if body is None:
            return
        self._store.wrote(Resource.POOLS, body)
        for key in self._store.turns.due():
            self._queue.add(key)

"""Something of the cluster that is read once for all who look at it, with the rights of one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from boardhand_client.errors import Busy, Refused, SessionError, Unauthenticated
from boardhand_dashboard.live.viewers import Ask, Pace, Reviewing, Seat, Viewer

log = logging.getLogger(__name__)
S_contra = TypeVar("S_contra", bound=Reviewing, contravariant=True)
S = TypeVar("S", bound=Reviewing)
WITHDRAWN = "You may no longer look at this: somebody took the right away, or your session at the cluster ended."
BROKEN = "The dashboard failed while it read this; its log says how. Load the page again."
Told = Callable[[Iterable[str]], None]


class Reader(Protocol[S_contra]):
    """Reads from the cluster, into itself. It outlives those who lend it their rights, and goes on where it was."""

    async def read(self, session: S_contra, told: Told) -> None:
        """Read with these rights; tell the names of what changed. It ends where nothing more will come.

        Raises SessionError; of these, Refused and Unauthenticated end the lending, all others are tried again.
        """
        ...


class Shared(Generic[S]):
    """One reader and its viewers.

    The first of the viewers lends its rights; where it leaves or loses them, the next one's are taken, and the reading
    goes on. Every viewer's rights are asked for before it is let in, and again every `pace.review` seconds. Without
    viewers nothing is read. Among the names that viewers are told, the empty one stands for `problem`.
    """

    def __init__(self, reader: Reader[S], namespace: str, asks: Sequence[Ask], pace: Pace) -> None:
        self.problem = ""
        """Why nothing comes at present, in a sentence; empty where all is well."""
        self.version = 0
        """One more each time that viewers are told something."""
        self._reader = reader
        self._namespace = namespace
        self._asks = asks
        self._pace = pace
        self._seats: dict[S, Seat] = {}
        self._reviews: dict[S, asyncio.Task[None]] = {}
        self._serving: asyncio.Task[None] | None = None
        self._lending: tuple[S, asyncio.Task[None]] | None = None
        self._heard = False
        self._turn = 0.0
        self._fresh: set[str] = set()
        self._tick: asyncio.TimerHandle | None = None
        self._ticked = float("-inf")

    @property
    def viewers(self) -> int:
        return sum(len(seat.viewers) for seat in self._seats.values())

    @asynccontextmanager
    async def viewing(self, session: S, viewer: Viewer) -> AsyncIterator[None]:
        """While this viewer looks, with these rights. Raises Refused where it may not, SessionError."""
        now = asyncio.get_running_loop().time()
        if not await self._allowed(session):
            raise Refused(f"You may not look at this in namespace {self._namespace}: {_wanted(self._asks)}.")
        self._enter(session, viewer, now + self._pace.holds)
        try:
            yield
        finally:
            self._leave(session, viewer)

    def _enter(self, session: S, viewer: Viewer, until: float) -> None:
        seat = self._seats.get(session)
        if seat is None:
            seat = self._seats[session] = Seat(session)
            self._reviews[session] = asyncio.create_task(self._review(session, seat, self._first_review()))
        seat.viewers.add(viewer)
        seat.confirm(until)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())

    def _leave(self, session: S, viewer: Viewer) -> None:
        seat = self._seats.get(session)
        if seat is not None:
            seat.viewers.discard(viewer)
            if not seat.viewers:
                self._remove(session)

    def _remove(self, session: S) -> None:
        """This identity is no longer here; what is read with its rights ends."""
        if self._seats.pop(session, None) is None:
            return
        self._reviews.pop(session).cancel()
        if self._lending is not None and self._lending[0] is session:
            self._lending[1].cancel()
        if not self._seats and self._serving is not None:
            self._serving.cancel()
            self._serving = None

    def _cut(self, session: S, why: str) -> None:
        if (seat := self._seats.get(session)) is not None:
            seat.cut(why)
            self._remove(session)

    async def _allowed(self, session: S) -> bool:
        # One after the other: side by side each would take a connection of its own to the API server.
        for ask in self._asks:
            if not await session.allowed(ask.attributes(self._namespace)):
                return False
        return True

    def _first_review(self) -> float:
        """Viewers who came all at once, as after a restart, are not asked about all at once: multiples of the golden
        ratio lie evenly, however many there are."""
        self._turn = (self._turn + 0.618) % 1
        return self._pace.review * (0.2 + 0.8 * self._turn)

    async def _review(self, session: S, seat: Seat, wait: float) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(wait)
            wait, asked = self._pace.review, clock()
            if (allowed := await self._answer(session)) is False:
                await asyncio.sleep(self._pace.doubt)
                asked, allowed = clock(), await self._answer(session)
            if allowed is False:
                self._cut(session, WITHDRAWN)
                return
            # Who is not confirmed is told nothing after a while, see Viewer.
            if allowed:
                seat.confirm(asked + self._pace.holds)

    async def _answer(self, session: S) -> bool | None:
        """Whether it may; None where the API server does not say."""
        try:
            async with asyncio.timeout(self._pace.answer):
                return await self._allowed(session)
        except (Refused, Unauthenticated):
            return False
        except (SessionError, TimeoutError):
            return None

    async def _serve(self) -> None:
        """Read with the rights of one after the other, for as long as somebody is there.

        What breaks once is not told: it may be that the session is just being closed.
        """
        wait = self._pace.retry
        while self._seats:
            session = next(iter(self._seats))
            self._heard = False
            problem = await self._lent(session)
            if isinstance(problem, (Refused, Unauthenticated)):
                self._cut(session, WITHDRAWN)
            elif isinstance(problem, SessionError):
                if self._heard:
                    wait = self._pace.retry
                if wait > self._pace.retry:
                    self._say(str(problem))
                await asyncio.sleep(wait)
                wait = min(self._pace.longest, wait * 2)
            elif problem is not None:
                log.error("reading in namespace %s failed", self._namespace, exc_info=problem)
                self._cut(session, BROKEN)

    async def _lent(self, session: S) -> BaseException | None:
        """Read with these rights until they are gone: None; or what went wrong. What has come to its end stays so."""
        reading = asyncio.create_task(self._read(session))
        self._lending = (session, reading)
        try:
            await asyncio.wait({reading})
            if reading.cancelled():
                return None
            if (problem := reading.exception()) is None:
                self.told(())
                await asyncio.get_running_loop().create_future()
            return problem
        finally:
            self._lending = None
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self, session: S) -> None:
        """Raises Refused and Unauthenticated where that is said a moment later, too."""
        try:
            await self._reader.read(session, self.told)
        except (Refused, Unauthenticated) as refused:
            await asyncio.sleep(self._pace.doubt)
            if await self._allowed(session):
                raise Busy(str(refused)) from None
            raise

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            self._gather(("",))

    def told(self, names: Iterable[str]) -> None:
        """These changed, and all is well; no names: all is well."""
        self._heard = True
        self._say("")
        self._gather(names)

    def _gather(self, names: Iterable[str]) -> None:
        """All viewers are told at the next tick, so that all see the same state."""
        self._fresh.update(names)
        if not self._fresh or self._tick is not None:
            return
        loop = asyncio.get_running_loop()
        self._tick = loop.call_at(max(loop.time(), self._ticked + self._pace.spacing), self._tell)

    def _tell(self) -> None:
        self._tick = None
        self._ticked = asyncio.get_running_loop().time()
        self.version += 1
        names, self._fresh = self._fresh, set()
        for seat in self._seats.values():
            for viewer in seat.viewers:
                viewer.tell(names)


def _wanted(asks: Sequence[Ask]) -> str:
    wanted = ", ".join(f"{ask.verb} {ask.resource.value[1]}{'/' + ask.sub if ask.sub else ''}" for ask in asks)
    return f"it takes the right to {wanted}"

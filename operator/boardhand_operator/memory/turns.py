"""Whose turn it is, over all pools: an index of the runs in memory, renewed with each state that is seen of one.

Within a pool the order is priority, then age. Where the operator's own limit binds, the next place goes to the pool
with the fewest runs at work, among those to the one whose first waiting run is oldest, so no pool starves. Nobody is
given a place in advance: a run asks when it is looked at, and those whose answer may have changed are told by `due`.
A question costs O(log n) of the pool's n waiting runs, and O(pools) with a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import Any

from boardhand_operator.memory.places import Age, PoolQueue, order_of
from boardhand_operator.memory.standing import QUIET, Known, State, known_of, places_of
from boardhand_operator.views import Key, Run


@dataclass(frozen=True)
class Turn:
    """Where a waiting run stands."""

    place: bool = False
    """A place is free for it, and for all that come before it."""
    position: int | None = None
    """In its pool's queue, 1 being the next; None: it is not in the queue."""
    limit: int | None = None
    """The operator's limit, where it is this, and not the pool's, that the run waits for."""


class Turns:
    """Who is at work and who waits."""

    def __init__(self, limit: int | None = None) -> None:
        """limit: so many runs may be at work over all pools; None: as many as the pools allow."""
        self._limit = limit
        self._pools: dict[Key, PoolQueue] = {}
        self._runs: dict[Key, Known] = {}
        self._beginning: set[str] = set()
        self._launched: set[str] = set()
        """UIDs of runs whose first Job is there, whether or not that is noted."""
        self._held: dict[Key, Key] = {}
        """Pools with a run that could not begin: other pools are not kept waiting for them until it is looked at."""
        self._stirred: set[Key] = set()
        """Pools in whose queue somebody may have got a turn."""
        self._freed = False
        """Whether somebody of the other pools may have."""
        self._woken: list[Key] = []

    def run_seen(self, body: Mapping[str, Any]) -> None:
        """Keep a run's state. One that cannot be read says so where it is worked, and counts for nothing here."""
        key = (str(body["metadata"]["namespace"]), str(body["metadata"]["name"]))
        known = known_of(body)
        if known is None:
            self.run_gone(key)
        else:
            self._keep(key, known)

    def run_gone(self, key: Key) -> None:
        """Forget a run."""
        self.look(key)
        if known := self._runs.pop(key, None):
            self._beginning.discard(known.uid)
            self._uncount(key, known)
            self._stirred.add(known.pool)

    def job_seen(self, run: Key, uid: str, *, there: bool) -> None:
        """Whether the run's first Job is there: until it is noted, or removed, it takes a place."""
        if there:
            self._launched.add(uid)
        else:
            self._launched.discard(uid)
        self._renew(run)

    def pool_seen(self, key: Key, body: Mapping[str, Any] | None) -> None:
        """Keep how many the pool may have at work: none while it is gone, suspended or not Ready. Where that grew, all
        of its queue is woken, so that nobody says what is no longer so."""
        places, its = places_of(body), self._pool(key)
        if places > its.places:
            self._woken += [_key(order[1:]) for order in its.waiting]
        if places != its.places:
            self._freed = True
        its.places = places

    def room_seen(self, key: Key, room: int | None) -> None:
        """Keep how many more the pool's budget lets begin. Where it was none, all of its queue is woken; where it grew,
        who has a turn and needs more than others."""
        its = self._pool(key)
        before, able, its.room = its.room, its.able, room
        if before == 0 != room:
            self._woken += [_key(order[1:]) for order in its.waiting]
        if its.able > able:
            self._stirred.add(key)
        if key in self._held and before is not None and (room is None or room > before):
            self._woken.append(self._held[key])
        self._freed |= its.able != able

    def look(self, key: Key) -> None:
        """The run is looked at: what kept it from beginning may be over."""
        known = self._runs.get(key)
        if known and self._held.get(known.pool) == key:
            del self._held[known.pool]
            self._freed = True

    def hold(self, run: Run) -> None:
        """The run does not begin although it is its turn: no other pool is kept waiting for it."""
        self._held[run.namespace, run.spec.pool] = (run.namespace, run.name)
        self._freed = True

    @contextmanager
    def beginning(self, run: Run) -> Iterator[None]:
        """Count the run among those at work from the decision that it begins, until its status says so. Where the block
        raises, its status may say so without being known here: it is counted until `begun`."""
        key = (run.namespace, run.name)
        self._beginning.add(run.uid)
        self._renew(key)
        yield
        known = self._runs.get(key)
        if known and known.said is State.WAITING:
            self._held[known.pool] = key
        self.begun(key, run.uid)

    def begun(self, key: Key, uid: str) -> None:
        """What came of the run's beginning is known."""
        self._beginning.discard(uid)
        self._renew(key)

    def turn(self, run: Run, *, reserved: bool = False) -> Turn:
        """Whether the run may begin. All who ask at one moment are given answers that fit together.

        reserved: it was let begin before, and has its part of the budget: only the places count, since who comes first
        may lack just that part.
        """
        order, its = order_of(run), self._pool((run.namespace, run.spec.pool))
        rank = its.rank(order)
        if rank is None:
            return Turn()
        if reserved:
            free = len(its.at_work) < its.places and (self._limit is None or self._at_work() < self._limit)
            return Turn(free, rank + 1)
        if rank >= its.able or self._limit is None:
            return Turn(rank < its.able, rank + 1)
        others = (pool for where, pool in self._pools.items() if pool is not its and where not in self._held)
        ahead = rank + sum(pool.before(len(its.at_work) + rank, order[1:]) for pool in others)
        place = ahead < self._limit - self._at_work()
        return Turn(place, rank + 1, None if place else self._limit)

    def at_work(self, pool: Key) -> frozenset[Key]:
        """The pool's runs at work, and those that are about to be."""
        return frozenset(self._pool(pool).at_work)

    def counts(self, pool: Key) -> tuple[int, int]:
        """How many runs of the pool are at work, and how many wait."""
        its = self._pool(pool)
        return len(its.at_work), len(its.waiting) + len(its.suspended)

    def due(self) -> list[Key]:
        """Whom to look at: those who may have got a turn since this was asked last."""
        woken, stirred, freed = self._woken, self._stirred, self._freed
        self._woken, self._stirred, self._freed = [], set(), False
        ages: list[Age] = []
        if self._limit is not None and (stirred or freed):
            free = max(0, self._limit - self._at_work())
            able = [pool.nexts() for where, pool in self._pools.items() if where not in self._held]
            ages = [age for _, age in islice(merge(*able), free)]
            stirred &= self._held.keys()
        ages += [age for where in stirred for _, age in self._pool(where).nexts()]
        return [*woken, *map(_key, ages)]

    def _at_work(self) -> int:
        return sum(len(pool.at_work) for pool in self._pools.values())

    def _pool(self, key: Key) -> PoolQueue:
        return self._pools.setdefault(key, PoolQueue())

    def _renew(self, key: Key) -> None:
        if known := self._runs.get(key):
            self._keep(key, known)

    def _keep(self, key: Key, new: Known) -> None:
        # Who is suspended or called off in that moment has a Job all the same, for now.
        waits, begins = new.said in (State.WAITING, State.SUSPENDED), new.uid in self._beginning
        at_work = waits and (begins or new.uid in self._launched)
        new = replace(new, counted=State.AT_WORK if at_work else new.said)
        old = self._runs.get(key)
        self._runs[key] = new
        if old == new:
            return
        if old:
            self._uncount(key, old)
            self._moved(old, new)
        self._count(key, new)

    def _moved(self, old: Known, new: Known) -> None:
        """Others move up where a run leaves, but for one that could not begin: who comes after it could not either."""
        step = (old.counted, new.counted)
        if old.uid == new.uid and step == (State.AT_WORK, State.WAITING):
            self._freed = True
        elif old.uid != new.uid or (step[0] is not step[1] and step not in QUIET):
            self._stirred.add(old.pool)

    def _count(self, key: Key, known: Known) -> None:
        its = self._pool(known.pool)
        match known.counted:
            case State.WAITING:
                its.add(known.order)
            case State.SUSPENDED:
                its.suspended.add(key)
            case State.AT_WORK:
                its.at_work.add(key)

    def _uncount(self, key: Key, known: Known) -> None:
        its = self._pool(known.pool)
        its.at_work.discard(key)
        its.suspended.discard(key)
        its.remove(known.order)


def _key(age: Age) -> Key:
    return age[2], age[1]

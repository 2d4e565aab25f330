"""The operator among people, crashes, a second replica and pods that come and go, step by step as Hypothesis likes.

After every step, and once all is quiet: one Job a try, one claim, one closing comment and one pull request a run, no
two unfinished runs of a ticket, no phase that goes back, nothing lost and nothing left claimed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from boardhand_api.run_status import Phase
from boardhand_operator.boards.markers import find_claims, find_closing
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.lost_pod import POLICY
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key
from boardhand_operator.views import Run
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import FakeNodes, Fate
from tests.support.fuse import Crash, Fuse, When
from tests.support.world import Replica, World, clocked

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
SOMEDAY = "Someday"
POOL = ("team", "shop")
ORDER = [Phase.QUEUED, Phase.CLAIMED, Phase.PREPARING, Phase.WORKING, Phase.PUBLISHING, Phase.VERIFYING]
PASSES = 120
Json = dict[str, Any]


EFFECTS = (
    "comment",
    "move",
    "open a pull request",
    "create RUNS",
    "create JOBS",
    "create EVENTS",
    "delete JOBS",
    "patch RUNS/status",
    "patch RUNS",
    "patch JOBS",
    "patch PODS",
    "read a card",
    "read comments",
)


class NextCall(Fuse):
    """The process dies at the n-th of the coming calls of a name."""

    fatal: tuple[str, int, When] | None = None

    @asynccontextmanager
    async def call(self, name: str) -> AsyncIterator[None]:
        if self.armed and self.fatal and self.fatal[0] == name:
            _, number, when = self.fatal
            self.fatal = (name, number - 1, when) if number > 1 else None
            if number == 1:
                self.plan = {len(self.calls) + 1: when}
        async with super().call(name):
            yield


class Nodes(FakeNodes):
    """Some of them vanish with their pods."""

    frozen: set[str]

    def _advance(self, namespace: str, name: str, job: Json) -> None:
        if job["metadata"]["uid"] not in self.frozen:
            super()._advance(namespace, name, job)


class Life(RuleBasedStateMachine):
    """One board, one pool, two replicas of which either may act at any time, though not in the same instant."""

    @initialize(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=8), cards=st.integers(0, 2))
    def begin(self, fates: list[Fate], cards: int) -> None:
        self.fates, self.drawn = fates, dict[tuple[str, int], Fate]()
        self.fuse = NextCall()
        self.world = World(self.fuse)
        self.world.nodes = Nodes(self.world.kube, self.world.forge, self.fate)
        self.nodes.frozen = set()
        self.around = ExitStack()
        self.around.enter_context(clocked(self.world.clock))
        self.runner = self.around.enter_context(asyncio.Runner())
        # The operator's waits and the world's clock are one.
        self.runner.get_loop().time = lambda: self.world.clock.time.timestamp()  # type: ignore[method-assign]
        limits = {"concurrency": 2, "retrySeconds": 5, "tries": 2, "attempts": 4}
        self.world.add_pool(board=BOARD, limits=limits)
        self.replicas = [Replica(self.world), Replica(self.world)]
        self.phases: dict[tuple[str, str], int] = {}
        self.seen: dict[str, Run] = {}
        self.deleted: set[str] = set()
        self.lost: set[str] = set()
        """Runs whose pod was taken after it had ended: what it answered is lost, and it is done anew."""
        for _ in range(cards):
            self.add_a_card()

    def fate(self, run: str, number: int) -> Fate:
        """Drawn once for each try."""
        return self.drawn.setdefault((run, number), self.fates[len(self.drawn) % len(self.fates)])

    def cards(self, *columns: str) -> list[str]:
        return sorted(card.id for card in self.world.board.cards.values() if not columns or card.column in columns)

    def unfinished(self) -> list[Run]:
        return [run for run in self.world.runs() if not run.settled]

    def pods(self, *, over: bool) -> list[Key]:
        """Pods that have ended, or have not, of Jobs whose run has no outcome yet."""
        found = []
        for run in self.unfinished():
            key = (run.namespace, f"{run.status.job}-x")
            pod = self.world.kube.objects[Resource.PODS].get(key)
            if pod and not run.status.finished_at:
                ended = pod["status"]["phase"] in ("Succeeded", "Failed")
                found += [key] * (ended is over)
        return sorted(found)

    # What people do

    @precondition(lambda self: len(self.world.board.said) < 4)
    @rule()
    def add_a_card(self) -> None:
        self.world.board.add(f"card-{len(self.world.board.said) + 1}")

    @precondition(lambda self: self.cards())
    @rule(data=st.data(), column=st.sampled_from([READY, READY, SOMEDAY]))
    def move_a_card(self, data: st.DataObject, column: str) -> None:
        card = data.draw(st.sampled_from(self.cards()))
        if self.world.board.cards[card].column != column:
            self.world.board.put(card, column)

    @precondition(lambda self: self.cards())
    @rule(data=st.data())
    def delete_a_card(self, data: st.DataObject) -> None:
        del self.world.board.cards[data.draw(st.sampled_from(self.cards()))]

    @precondition(lambda self: self.unfinished())
    @rule(data=st.data(), how=st.sampled_from(["cancel", "delete"]))
    def call_a_run_off(self, data: st.DataObject, how: str) -> None:
        run = data.draw(st.sampled_from(sorted(self.unfinished(), key=lambda run: run.name)))
        if how == "cancel":
            self.patch(Resource.RUNS, (run.namespace, run.name), {"cancel": True})
        else:
            self.deleted.add(run.uid)
            self.world.kube.remove(Resource.RUNS, (run.namespace, run.name))

    @rule(suspend=st.booleans(), concurrency=st.integers(1, 3))
    def change_the_pool(self, suspend: bool, concurrency: int) -> None:
        self.patch(Resource.POOLS, POOL, {"suspend": suspend, "limits": {"concurrency": concurrency}})

    def patch(self, resource: Resource, key: Key, spec: Json) -> None:
        self.fuse.armed = False
        self.runner.run(self.world.kube.patch(resource, *key, {"spec": spec}))
        self.fuse.armed = True

    # What the cluster does

    @rule()
    def pods_come_further(self) -> None:
        self.world.nodes.tick()

    @rule(seconds=st.sampled_from([1, 7, 40, 700]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.time += timedelta(seconds=seconds)

    @precondition(lambda self: self.pods(over=False))
    @rule(data=st.data())
    def a_pod_is_deleted(self, data: st.DataObject) -> None:
        self.take(data.draw(st.sampled_from(self.pods(over=False))))

    @precondition(lambda self: self.pods(over=True))
    @rule(data=st.data())
    def a_pod_that_ended_is_deleted(self, data: st.DataObject) -> None:
        namespace, name = data.draw(st.sampled_from(self.pods(over=True)))
        self.lost |= {run.uid for run in self.unfinished() if f"{run.status.job}-x" == name}
        self.world.kube.remove(Resource.PODS, (namespace, name))

    @precondition(lambda self: self.pods(over=False))
    @rule(data=st.data())
    def a_node_vanishes(self, data: st.DataObject) -> None:
        """Its pod is to go and does not; nobody says that it ended."""
        namespace, name = data.draw(st.sampled_from(self.pods(over=False)))
        pod = self.world.kube.objects[Resource.PODS][(namespace, name)]
        pod["metadata"] |= {"deletionTimestamp": stamp(self.world.clock.time), "deletionGracePeriodSeconds": 10}
        self.nodes.frozen.add(pod["metadata"]["ownerReferences"][0]["uid"])

    @property
    def nodes(self) -> Nodes:
        assert isinstance(self.world.nodes, Nodes)
        return self.world.nodes

    def take(self, pod: Key) -> None:
        """The pod goes, and its Job says that it failed."""
        (owner,) = self.world.kube.objects[Resource.PODS][pod]["metadata"]["ownerReferences"]
        self.world.kube.remove(Resource.PODS, pod)
        key = (pod[0], owner["name"])
        if key in self.world.kube.objects[Resource.JOBS]:
            text = f"Pod {pod[0]}/{pod[1]} has condition DisruptionTarget matching FailJob rule at index 0"
            failed = {"type": "Failed", "status": "True", "reason": POLICY, "message": text}
            self.world.kube.set_status(Resource.JOBS, key, {"conditions": [failed]})

    # What the operator does

    @rule(which=st.integers(0, 1))
    def a_replica_sees_what_there_is(self, which: int) -> None:
        self.replicas[which].watch()

    @rule(which=st.integers(0, 1), fresh=st.booleans())
    def a_replica_polls(self, which: int, fresh: bool) -> None:
        self.act(which, fresh, None)

    @precondition(lambda self: self.unfinished())
    @rule(which=st.integers(0, 1), fresh=st.booleans(), data=st.data())
    def a_replica_works_a_run(self, which: int, fresh: bool, data: st.DataObject) -> None:
        keys = sorted((run.namespace, run.name) for run in self.unfinished())
        self.act(which, fresh, data.draw(st.sampled_from(keys)))

    @rule(which=st.integers(0, 1), rounds=st.integers(1, 5))
    def all_is_worked_for_a_while(self, which: int, rounds: int) -> None:
        """So that runs come far."""
        for _ in range(rounds):
            self.round(which, 7)

    def round(self, which: int, seconds: float) -> None:
        for key in [None, *sorted((run.namespace, run.name) for run in self.unfinished())]:
            self.act(which, True, key)
        self.world.pass_time(seconds)

    @rule(call=st.sampled_from(EFFECTS), number=st.integers(1, 3), when=st.sampled_from(When), which=st.integers(0, 1))
    def a_replica_works_until_it_dies(self, call: str, number: int, when: When, which: int) -> None:
        """At a call of this name, if it comes to that; else it lives on, and may die later."""
        self.fuse.fatal = (call, number, when)
        for _ in range(14):
            if self.fuse.fatal:
                self.round(which, 7)

    def act(self, which: int, fresh: bool, key: Key | None) -> None:
        replica = self.replicas[which]
        if fresh:
            replica.watch()
        try:
            self.runner.run(replica.reconciler.work(key) if key else replica.poll())
        except Crash:
            self.replicas[which] = Replica(self.world)

    # What holds at every moment

    @invariant()
    def everything_is_made_once(self) -> None:
        made = {name: number for (plural, _, name), number in self.world.kube.created.items() if plural == "jobs"}
        assert set(made.values()) <= {1}, made
        assert max(Counter(branch for branch, _ in self.world.forge.opened).values(), default=1) == 1
        for said in self.world.board.said.values():
            claims = Counter(claim.uid for claim in find_claims(said))
            told = Counter(uid for uid in claims for one in said if find_closing([one], uid))
            assert max(claims.values(), default=1) == 1, said
            assert max(told.values(), default=1) == 1, said

    @invariant()
    def a_run_succeeds_once(self) -> None:
        complete: Counter[str] = Counter()
        for job in self.world.kube.objects[Resource.JOBS].values():
            (owner,) = job["metadata"]["ownerReferences"]
            kinds = {one["type"] for one in (job.get("status") or {}).get("conditions") or []}
            complete[owner["uid"]] += "Complete" in kinds
        assert all(number <= 1 for uid, number in complete.items() if uid not in self.lost), complete

    @invariant()
    def no_ticket_has_two_unfinished_runs(self) -> None:
        tickets = Counter(run.spec.ticket.id for run in self.world.runs() if not run.status.phase.finished)
        assert max(tickets.values(), default=1) == 1, tickets

    @invariant()
    def no_phase_goes_back(self) -> None:
        for run in self.world.runs():
            at = len(ORDER) if run.status.phase.finished else ORDER.index(run.status.phase)
            key = (run.uid, run.status.job or "")
            assert at >= self.phases.get(key, 0), (run.name, run.status.phase)
            self.phases[key] = at
            before = self.seen.get(run.uid)
            assert before is None or not before.status.phase.finished or before.status.phase is run.status.phase
            self.seen[run.uid] = run

    # What holds in the end

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        with self.around:
            self.fuse.fatal, self.fuse.plan = None, {}
            self.fates, self.drawn = [Fate.GREEN], {}
            self.patch(Resource.POOLS, POOL, {"suspend": False})
            for namespace, name in self.pods(over=False):
                pod = self.world.kube.objects[Resource.PODS][(namespace, name)]
                if "deletionTimestamp" in pod["metadata"]:
                    self.take((namespace, name))
            self.replicas = [Replica(self.world), Replica(self.world)]
            for _ in range(PASSES):
                self.round(0, 60)
                if self.quiet():
                    break
            self.everything_is_made_once()
            self.a_run_succeeds_once()
            self.no_phase_goes_back()
            self.nothing_is_left()

    def quiet(self) -> bool:
        return not self.unfinished() and not self.cards(DOING) and not self.lacking()

    def lacking(self) -> list[str]:
        """Cards in the ready column that nobody took; one whose run a person deleted is to be moved by a person."""
        found = []
        for card in self.cards(READY):
            event = self.world.board.cards[card].event
            claims = [claim.uid for claim in find_claims(self.world.board.said[card]) if claim.event == event]
            if not self.deleted.intersection(claims):
                found.append(card)
        return found

    def nothing_is_left(self) -> None:
        runs = {run.name: (run.status.phase, run.settled) for run in self.world.runs()}
        columns = {card.id: card.column for card in self.world.board.cards.values()}
        assert self.quiet(), (runs, columns)
        for run in self.world.runs():
            if run.status.claim is None or run.spec.ticket.id not in self.world.board.cards:
                continue
            said = self.world.board.said[run.spec.ticket.id]
            assert find_closing(said, run.uid) is not None, (run.name, run.status)


def lived(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_a_short_life() -> None:
    lived(8, 25)


@pytest.mark.slow
def test_a_long_life() -> None:
    lived(60, 50)

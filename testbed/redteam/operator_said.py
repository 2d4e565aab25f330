"""What people and strangers write on a ticket: commands that are none, and marks that are not ours.

The operator's own loop among the fakes of the unit tests, with a clock that is set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from unittest.mock import patch

from boardhand_api.run_status import Phase
from boardhand_operator.boards import markers, ticket
from boardhand_operator.boards.claims import Claimant
from boardhand_operator.boards.markers import claim_text, closing_text, find_claims
from boardhand_operator.pools import commanding
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.views import Run
from testbed.redteam.attack import Attack, Outcome
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse
from tests.support.world import SETTINGS, Replica, World, clocked, go_on

CARD = "card-1"
COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
STOP = "/boardhand stop"
OURS = "a mark counts only in a comment of our own account"
Off = Callable[[], AbstractContextManager[object]]


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "command-by-a-stranger", "a run stopped by who is no member", lambda: _command(STOP, "mallory"),
            lambda: _command(STOP, "mallory", lambda: patch.object(commanding, "may", lambda *_: True)),
            "only the board's members command", short=True,
        ),
        Attack("command-in-quoted-text", "a run stopped by a member's quotation", lambda: _command(f"> {STOP}\n\nNo!")),
        Attack("command-below-other-words", "a run stopped by the end of a text", lambda: _command(f"Say\n{STOP}")),
        Attack("command-in-a-code-block", "a run stopped by an example", lambda: _command(f"```\n{STOP}\n```")),
        Attack("command-edited-in-later", "a run stopped by a comment that was harmless", _edited),
        Attack("command-replayed-from-another-ticket", "a reply of ours in the attacker's words", _quoted_reply),
        Attack(
            "ticket-of-any-size", "a pool that takes no ticket any more, for one card with a long label", _oversized,
            lambda: _oversized(patch.object(ticket, "shorten", lambda text, *_: text)), "a ticket is cut to fit",
        ),
        _claimed("claim-mark-by-a-person", "a ticket that is never taken", lambda: "card's"),
        _claimed("claim-mark-copied-from-another-ticket", "a ticket that is taken for another's", lambda: "other's"),
        Attack(
            "closing-mark-by-a-person", "a run that never tells its end", _closing, lambda: _closing(_believe()), OURS
        ),
        Attack("our-closing-text-quoted", "a run that never tells its end", lambda: _closing(quoted=True)),
    ]  # fmt: skip


def _world(fate: Fate = Fate.GREEN) -> World:
    world = World(Fuse(armed=False), lambda *_: fate)
    world.add_pool(board=BOARD)
    world.board.add(CARD)
    return world


def _run(world: World) -> Run:
    (run,) = world.runs()
    return run


def _believe() -> AbstractContextManager[object]:
    """As if it did not matter whose comment a mark is in."""
    values = markers._values
    return patch.object(markers, "_values", lambda comment, kind: values(replace(comment, by_us=True), kind))


def _lived(world: World, *steps: Callable[[], object]) -> None:
    """Two passes between the steps, and enough of them at the end."""

    async def live() -> None:
        for step in steps:
            await go_on(world, 2, step=1)
            step()
        await go_on(world, 14)

    with clocked(world.clock):
        asyncio.run(live())


def _command(text: str, who: str = "ada", off: Off = nullcontext) -> Outcome:
    world = _world()
    with off():
        _lived(world, lambda: world.board.say(CARD, text, who))
    run = _run(world)
    answers = [said for said in world.board.texts(CARD) if "is told to stop" in said]
    return Outcome(run.spec.cancel or bool(answers), f"the run is {run.status.phase}; nobody is answered")


def _edited() -> Outcome:
    """A member's comment, which somebody who may do that changes once it was read. One life of the operator: after a
    start the comments of the last hour are read as they are then."""
    world = _world()
    said = world.board.say(CARD, "Looks fine.")

    async def live() -> None:
        replica = Replica(world)
        worker = PoolWorker(("team", "shop"), world.kube, replica.store, replica.services, SETTINGS, replica.queue)
        for step in range(12):
            await worker._round()
            replica.watch()
            await replica.work()
            if step == 2:
                comments = world.board.said[CARD]
                comments[:] = [replace(one, text=STOP) if one.id == said.id else one for one in comments]
            world.pass_time(2)
            replica.watch()

    with clocked(world.clock):
        asyncio.run(live())
    run = _run(world)
    return Outcome(run.spec.cancel, f"the run is {run.status.phase}: a comment is looked at once")


def _oversized(off: AbstractContextManager[object] | None = None) -> Outcome:
    """Of everything too much, on the card that stands first; another one waits behind it."""
    world = _world()
    card = world.board.cards[CARD]
    labels = tuple(f"{number} {'l' * 300}" for number in range(200))
    world.board.cards[CARD] = replace(card, labels=labels, body="b" * 5_000_000, title="t" * 9000, key="#" * 99)
    for _ in range(70):
        world.board.say(CARD, "c" * 100_000, "ada")
    world.board.add("card-2")
    with off or nullcontext():
        _lived(world)
    ends = {run.spec.ticket.id: run.status.phase for run in world.runs()}
    reached = list(ends.values()) != [Phase.SUCCEEDED] * 2
    return Outcome(reached, ", ".join(f"{card}: {phase}" for card, phase in ends.items()))


def _quoted_reply() -> Outcome:
    """An unknown command whose word is markup: our reply quotes it."""
    world = _world()
    _lived(world, lambda: world.board.say(CARD, "/boardhand `boardhand:claim:1_[x](http://evil.test)@all"))
    replies = [said for said in world.board.texts(CARD) if "I do not know" in said]
    marks = [claim for claim in find_claims(world.board.said[CARD]) if claim.uid != _run(world).uid]
    loose = [said for said in replies if "[x](http" in said and not said.split("[x](http")[0].count("`") % 2]
    return Outcome(bool(marks or loose), replies[0][:120] if replies else "")


def _claimed(name: str, wants: str, whose: Callable[[], str]) -> Attack:
    def tried(off: AbstractContextManager[object] | None = None) -> Outcome:
        world = _world()
        card = world.board.cards[CARD]
        event = card.event if whose() == "card's" else "event-of-another"
        who = Claimant("evil", "uid-evil", event, "shop", "uid-team-shop")
        mark = claim_text(who.run, who.uid, card.event if whose() == "card's" else event, who.pool, who.pool_uid)
        if whose() != "card's":
            # As it stands on the other ticket, but for the event, which is this one's.
            mark = mark.replace("event-of-another", card.event)
        world.board.say(CARD, mark, "mallory")
        with off or nullcontext():
            _lived(world)
        ends = [run.status.phase for run in world.runs()]
        return Outcome(ends != [Phase.SUCCEEDED], f"the ticket was taken, the run is {', '.join(ends)}")

    return Attack(name, wants, tried, lambda: tried(_believe()), OURS, short=True)


def _closing(off: AbstractContextManager[object] | None = None, *, quoted: bool = False) -> Outcome:
    world = _world()

    def mark() -> None:
        text = closing_text("All is done.", _run(world).uid)
        world.board.say(CARD, "\n".join(f"> {line}" for line in text.split("\n")) if quoted else text, "mallory")

    with off or nullcontext():
        _lived(world, mark)
    told = [one for one in world.board.said[CARD] if one.by_us and "Done: the change is proved." in one.text]
    return Outcome(not told, f"the run is {_run(world).status.phase}, and the ticket is told by ourselves")

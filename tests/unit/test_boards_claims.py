"""Claims of one moment: whatever ids a board gives, and whenever it shows a comment, there is one winner."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards import Comment, claims
from boardhand_operator.boards.claims import Claimant, ClaimOutcome, Contested, Lost, Won, claim, give_up
from boardhand_operator.boards.markers import claim_text, find_claims
from tests.support.fake_board import FakeBoard

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
A, B, C = (Claimant(f"run-{name}", f"uid-{name}", "e1", "shop", f"pool-{name}") for name in "abc")


@dataclass
class Written:
    """How a board treats somebody's comment."""

    id: str
    after: float = 0.0
    """Seconds after noon that it says it was written."""
    shown_after: int = 0
    """So many turns of the others pass before it is shown, and answered."""


@dataclass
class Seat:
    """A board as one operator sees it."""

    board: FakeBoard
    written: Written

    async def comments(self, ticket_id: str) -> list[Comment]:
        return await self.board.comments(ticket_id)

    async def comment(self, ticket_id: str, text: str) -> str:
        for _ in range(self.written.shown_after):
            await asyncio.sleep(0)
        at = NOON + timedelta(seconds=self.written.after)
        self.board.said[ticket_id].append(Comment(self.written.id, "Boardhand", "us", text, at, True))
        return self.written.id

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        await self.board.edit_comment(ticket_id, comment_id, text)


@dataclass
class Table:
    board: FakeBoard = field(default_factory=FakeBoard)

    def __post_init__(self) -> None:
        self.board.add("card")

    async def claims(self, who: Claimant, written: Written, again: bool = False) -> ClaimOutcome:
        """As one who read the ticket right before the others wrote, and not again."""
        return await claim(Seat(self.board, written), "card", who, None if again else ())  # type: ignore[arg-type]

    async def persists(self, who: Claimant, written: Written, looks: int) -> ClaimOutcome:
        """Look after look; who has waited so long for another gives up."""
        for again in range(looks):
            try:
                return await self.claims(who, written, again > 0)
            except Contested as contested:
                rival = contested.rival
        return await give_up(self.board, "card", who, rival)

    def standing(self) -> list[str]:
        return [mark.uid for mark in find_claims(self.board.said["card"])]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(claims, "PATIENCE", (0.0,) * 8)
    return Table()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Its random id makes it the first.
        (Written("c-9"), Written("c-1")),
        (Written("1", after=0.5), Written("2")),
    ],
)
async def test_a_claim_of_the_same_moment_that_is_shown_later_wins_nothing(
    table: Table, first: Written, second: Written
) -> None:
    """Who read before it was shown has the ticket, and does not give it up."""
    assert await table.claims(A, first) == Won(first.id)
    for again in (False, True):
        with pytest.raises(Contested, match="run run-a claimed it in the same moment") as contested:
            await table.claims(B, second, again=again)
    assert await give_up(table.board, "card", B, contested.value.rival) == Lost(A.run, A.uid)
    assert table.standing() == [A.uid]


async def test_who_is_slow_to_give_a_ticket_up_is_waited_for(table: Table) -> None:
    """Else both would leave it to the other, and nobody would have it."""
    late = claim_text(B.run, B.uid, B.event, B.pool, B.pool_uid)
    table.board.said["card"].append(Comment("2", "Boardhand", "us", late, NOON + timedelta(seconds=1), True))
    with pytest.raises(Contested):
        await table.claims(A, Written("1"))
    assert await claim(table.board, "card", B) == Lost(A.run, A.uid)
    assert await claim(table.board, "card", A) == Won("1")
    assert table.standing() == [A.uid]


async def test_who_sees_that_it_is_second_gives_way_to_the_first(table: Table) -> None:
    both = await asyncio.gather(table.claims(A, Written("c-9")), table.claims(B, Written("c-1")))
    assert list(both) == [Lost(B.run, B.uid), Won("c-1")]
    assert table.standing() == [B.uid]


async def test_a_claim_of_long_ago_needs_nobodys_word(table: Table) -> None:
    """Who came so much later saw it, and is only slow to say so."""
    assert await table.claims(A, Written("1")) == Won("1")
    late = claim_text(B.run, B.uid, B.event, B.pool, B.pool_uid)
    table.board.said["card"].append(Comment("2", "Boardhand", "us", late, NOON + timedelta(minutes=1), True))
    assert await claim(table.board, "card", A) == Won("1")
    assert len(table.board.said["card"]) == 2


WRITTEN = st.builds(
    Written,
    st.sampled_from(["c-1", "c-2", "c-3", "c-4", "c-10"]),
    st.sampled_from([0.0, 0.0, 0.001, 1.0]),
    st.integers(0, 6),
)


@given(st.lists(WRITTEN, min_size=2, max_size=3, unique_by=lambda one: one.id), st.sampled_from([(0.0,), (0.0,) * 8]))
def test_one_wins_and_the_others_lose(written: list[Written], patience: tuple[float, ...]) -> None:
    async def scenario() -> list[ClaimOutcome]:
        table, whoever = Table(), dict(zip((A, B, C), written, strict=False))
        outcomes = await asyncio.gather(*(table.persists(who, one, 10) for who, one in whoever.items()))
        winners = [who.uid for who, outcome in zip(whoever, outcomes, strict=True) if isinstance(outcome, Won)]
        assert table.standing() == winners
        return list(outcomes)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(claims, "PATIENCE", patience)
        outcomes = asyncio.run(scenario())
    assert sum(isinstance(outcome, Won) for outcome in outcomes) == 1

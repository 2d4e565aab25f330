"""LinearBoard does what every board does, on the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boardhand_operator.boards import Board, Checklist, Item
from boardhand_operator.errors import NotFound
from tests.contract.board_behaviour import DOING, READY, BoardBehaviour
from tests.contract.linear_board import LinearBench


@pytest.fixture
async def bench() -> AsyncIterator[LinearBench]:
    made = LinearBench()
    yield made
    made.check_requests()


class TestLinear(BoardBehaviour):
    """All of it; sub-issues are the checklist."""

    vendor = "linear"

    async def test_a_ticket_has_its_checklists(self, bench: LinearBench, board: Board) -> None:  # type: ignore[override]
        ticket = await bench.ticket()
        await bench.furnish(ticket)
        read = await board.read(ticket)
        assert read is not None
        assert read.checklists == (Checklist("Sub-issues", (Item("one", True), Item("two", False))),)


class TestLinearAlone:
    """What only Linear has."""

    async def test_a_quiet_poll_is_one_request(self, bench: LinearBench) -> None:
        board = bench.open()
        ticket = await bench.ticket()
        await bench.say(ticket, "hello")
        (said,) = await board.comments(ticket)
        first = await board.look([DOING], said.created_at)
        bench.wire.requests.clear()
        assert await board.look([DOING], said.created_at) == first
        assert bench.wire.sent() == ["POST /graphql query poll"]
        await board.aclose()

    async def test_an_issue_in_the_bin_is_not_there(self, bench: LinearBench) -> None:
        board = bench.open()
        ticket = await bench.ticket()
        (before,) = (await board.look()).ready
        bench.state.trash(bench.issue(ticket))
        assert (await board.look()).members[READY] == frozenset()
        assert await board.read(ticket) is None
        assert await board.column_of(ticket) is None
        with pytest.raises(NotFound, match="in the bin"):
            await board.comments(ticket)
        bench.state.trash(bench.issue(ticket), back=True)
        (after,) = (await board.look()).ready
        assert after.event != before.event
        await board.aclose()

    async def test_an_issue_of_another_team_is_on_another_board(self, bench: LinearBench) -> None:
        board = bench.open()
        other = bench.state.add_team("OPS", {READY: "unstarted"}, ["boardhand"])
        elsewhere = bench.state.add_issue(other, "not ours", READY)
        assert (await board.look()).ready == []
        assert await board.read(elsewhere.id) is None
        assert await board.column_of(elsewhere.id) is None
        await board.aclose()

    async def test_people_are_the_active_members_that_are_no_guests(self, bench: LinearBench) -> None:
        board = bench.open()
        bench.state.add_user("guest", guest=True)
        bench.state.add_user("gone", active=False)
        bench.team.members += ["guest", "gone"]
        assert sorted((await board.people()).values()) == ["ada", "boardhand"]
        await board.aclose()

    async def test_an_oauth_token_is_a_bearer(self, bench: LinearBench) -> None:
        board = bench.open(token="an-oauth-token-of-the-app")
        await board.check()
        assert bench.wire.requests[0].headers["authorization"] == "Bearer an-oauth-token-of-the-app"
        await board.aclose()

    async def test_related_issues_are_links(self, bench: LinearBench) -> None:
        board = bench.open()
        ticket, ahead, behind = await bench.ticket(), await bench.ticket("ahead"), await bench.ticket("behind")
        bench.issue(ticket).relations.append(ahead)
        bench.issue(behind).relations.append(ticket)
        read = await board.read(ticket)
        assert read is not None
        assert [link.title for link in read.links] == ["SHOP-2 ahead", "SHOP-3 behind"]
        await board.aclose()

    @pytest.mark.parametrize("off", [-3600, 3600], ids=["behind", "ahead"])
    async def test_a_call_is_fresh_by_linears_clock(self, bench: LinearBench, off: int) -> None:
        board = bench.open(hook=True)
        await bench.clock(off)
        headers, body = bench.call()
        assert not board.signed(headers, body)
        await board.look()
        assert board.signed(headers, body)
        await board.aclose()

    async def test_a_long_history_is_read_to_its_end(self, bench: LinearBench) -> None:
        board = bench.open()
        ticket = await bench.ticket()
        await bench.put(ticket, DOING)
        await bench.put(ticket, READY)
        (before,) = (await board.look()).ready
        for number in range(60):
            await bench.edit(ticket, f"title {number}", "")
        (after,) = (await board.look()).ready
        assert (after.event, after.title) == (before.event, "title 59")
        read = await board.read(ticket)
        assert read is not None and read.event == before.event
        await board.aclose()

    async def test_more_ready_issues_than_a_poll_looks_up_come_with_the_next(self, bench: LinearBench) -> None:
        board = bench.open()
        made = [await bench.ticket(f"t{number}") for number in range(130)]
        look = await board.look()
        assert len(look.ready) == 100
        assert look.members[READY] == set(made)
        assert [card.id for card in (await board.look()).ready] == made
        await board.aclose()

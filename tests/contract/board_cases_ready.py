"""Cases of every board: which tickets are ready, and by which event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from boardhand_operator.boards import Board
from boardhand_operator.errors import Misconfigured, NotFound, RemoteUnavailable
from tests.contract.board_bench import DOING, DONE, READY, REVIEW, BoardBench


class ReadyCases:
    """What a poll sees."""

    async def test_the_check_passes_and_writes_nothing(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await board.check()
        assert await bench.said(ticket) == []
        assert (await board.look()).members[READY] == {ticket}

    async def test_ready_tickets_come_in_the_order_in_which_they_entered(self, bench: BoardBench, board: Board) -> None:
        first, second = await bench.ticket("first"), await bench.ticket("second")
        await bench.ticket("elsewhere", DONE)
        await bench.put(first, DONE)
        await bench.put(first, READY)
        found = (await board.look()).ready
        assert [(card.title, card.column, card.id) for card in found] == [
            ("second", READY, second),
            ("first", READY, first),
        ]
        assert found[0].entered_at <= found[1].entered_at

    async def test_moving_back_is_a_new_event_and_editing_is_none(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        (before,) = (await board.look()).ready
        await bench.edit(ticket, "Renamed", "now with text")
        await bench.say(ticket, "hello")
        (edited,) = (await board.look()).ready
        assert (edited.event, edited.title, edited.body) == (before.event, "Renamed", "now with text")
        await bench.put(ticket, DOING)
        assert (await board.look()).ready == []
        await bench.put(ticket, READY)
        (back,) = (await board.look()).ready
        assert back.event != before.event

    async def test_an_archived_ticket_is_not_ready_and_its_return_is_an_event(
        self, bench: BoardBench, board: Board
    ) -> None:
        ticket = await bench.ticket()
        (before,) = (await board.look()).ready
        await bench.archive(ticket)
        look = await board.look()
        assert (look.ready, look.members[READY]) == ([], frozenset())
        assert await board.read(ticket) is None
        assert await board.column_of(ticket) is None
        await bench.archive(ticket, back=True)
        (after,) = (await board.look()).ready
        assert after.event != before.event

    async def test_only_tickets_with_the_pools_label_are_ready(self, bench: BoardBench) -> None:
        board = bench.open(label="bot")
        without, with_it = await bench.ticket("without"), await bench.ticket("with", label="bot")
        look = await board.look()
        assert [(card.title, card.labels) for card in look.ready] == [("with", ("bot",))]
        assert look.members[READY] == {without, with_it}
        await board.aclose()

    async def test_more_tickets_than_a_page(self, bench: BoardBench, board: Board) -> None:
        made = [await bench.ticket(f"t{number}", DOING) for number in range(bench.page)]
        assert (await board.look([DOING])).members[DOING] == set(made)

    async def test_who_is_in_a_column(self, bench: BoardBench, board: Board) -> None:
        here, gone, elsewhere = await bench.ticket(), await bench.ticket(), await bench.ticket()
        await board.move(elsewhere, DOING)
        await bench.delete(gone)
        look = await board.look([DOING, REVIEW])
        assert look.members == {READY: {here}, DOING: {elsewhere}, REVIEW: frozenset()}
        with pytest.raises(Misconfigured, match="Nowhere"):
            await board.look(["Nowhere"])

    async def test_a_page_that_is_just_full(self, bench: BoardBench, board: Board) -> None:
        made = [await bench.ticket(f"t{number}", DOING) for number in range(bench.full_page)]
        assert (await board.look([DOING])).members[DOING] == set(made)
        made.append(await bench.ticket("one more", DOING))
        assert (await board.look([DOING])).members[DOING] == set(made)

    async def test_two_looks_at_once_see_the_same(self, bench: BoardBench, board: Board) -> None:
        tickets = [await bench.ticket(f"t{number}") for number in range(3)]
        first, second = await asyncio.gather(board.look([DOING]), board.look([DOING]))
        assert first == second
        assert [card.id for card in first.ready] == tickets

    async def test_a_ticket_moved_while_the_board_is_read(self, bench: BoardBench, board: Board) -> None:
        moved, stays = await bench.ticket("moved"), await bench.ticket("stays")

        async def person(request: httpx.Request) -> None:
            bench.wire.before = None
            await bench.put(moved, DOING)

        bench.wire.before = person
        await board.look([DOING])
        look = await board.look([DOING])
        assert [card.id for card in look.ready] == [stays]
        assert look.members == {READY: {stays}, DOING: {moved}}

    async def test_a_ticket_deleted_while_the_board_is_read(self, bench: BoardBench, board: Board) -> None:
        gone, stays = await bench.ticket("gone"), await bench.ticket("stays")
        asked = 0

        async def person(request: httpx.Request) -> None:
            nonlocal asked
            asked += 1
            if asked == 2:
                await bench.delete(gone)

        bench.wire.before = person
        try:
            seen = {card.id for card in (await board.look()).ready}
        except (NotFound, RemoteUnavailable):
            seen = {stays}
        assert seen - {gone} == {stays}
        bench.wire.before = None
        if asked < 2:
            await bench.delete(gone)
        assert [card.id for card in (await board.look()).ready] == [stays]

    async def test_a_filter(self, bench: BoardBench, record_property: Callable[[str, object], None]) -> None:
        ticket = await bench.ticket()
        board = bench.open(filter=bench.filter or "anything")
        if bench.filter:
            await board.check()
            assert (await board.look()).ready == []
            assert await board.column_of(ticket) == READY
        else:
            record_property("absent", "filter")
            with pytest.raises(Misconfigured, match=r"spec\.board\.filter") as wrong:
                await board.check()
            assert wrong.value.reason == "FilterUnsupported"
        await board.aclose()

"""Cases of every board: columns and moves."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from boardhand_operator.boards import Board
from boardhand_operator.errors import Misconfigured, RemoteUnavailable
from tests.contract.board_bench import DOING, DONE, READY, REVIEW, BoardBench


class ColumnCases:
    """Where tickets are, and are moved to."""

    async def test_moving_is_once_and_only_where_needed(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await board.move(ticket, DOING)
        assert await board.column_of(ticket) == DOING
        bench.wire.requests.clear()
        await board.move(ticket, DOING)
        await board.move(ticket, DOING, DOING)
        assert bench.wire.writes() == []
        await board.move(ticket, REVIEW, DOING)
        assert (await board.look([DOING, REVIEW])).members == {READY: set(), DOING: set(), REVIEW: {ticket}}

    async def test_a_lost_answer_to_a_move(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        bench.wire.lose.append(bench.moved)
        with pytest.raises(RemoteUnavailable):
            await board.move(ticket, DOING)
        assert await board.column_of(ticket) == DOING
        await board.move(ticket, DOING)
        assert (await board.look([DOING])).members == {READY: set(), DOING: {ticket}}

    async def test_a_ticket_moved_by_a_person_is_seen_where_it_is(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await board.move(ticket, DOING, READY)
        await bench.put(ticket, REVIEW)
        assert await board.column_of(ticket) == REVIEW
        read = await board.read(ticket)
        assert read is not None and read.column == REVIEW

    async def test_a_ticket_moved_by_a_person_between_a_moves_requests(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()

        async def person(request: httpx.Request) -> None:
            if bench.wire.is_write(request):
                bench.wire.before = None
                await bench.put(ticket, REVIEW)

        bench.wire.before = person
        await board.move(ticket, DOING)
        assert await board.column_of(ticket) == DOING
        assert (await board.look([DOING, REVIEW])).members == {READY: set(), DOING: {ticket}, REVIEW: set()}

    async def test_a_column_that_is_not_there_is_said_with_those_that_are(
        self, bench: BoardBench, board: Board
    ) -> None:
        await board.check()
        await bench.rename(REVIEW, "Reviewing")
        with pytest.raises(Misconfigured) as wrong:
            await board.check()
        assert wrong.value.reason == "ColumnMissing"
        assert f"{REVIEW!r}" in wrong.value.message
        for name in (READY, DOING, "Reviewing", DONE):
            assert f"{name!r}" in wrong.value.message

    async def test_the_ready_column_has_no_second_meaning(self, bench: BoardBench) -> None:
        board = bench.open(columns={"failed": READY})
        with pytest.raises(Misconfigured, match="also has another meaning"):
            await board.check()
        await board.aclose()

    async def test_a_move_to_nowhere_writes_nothing(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        bench.wire.requests.clear()
        with pytest.raises(Misconfigured, match="Nowhere"):
            await board.move(ticket, "Nowhere")
        assert bench.wire.writes() == []
        assert await board.column_of(ticket) == READY

    async def test_a_renamed_column_is_found_by_its_new_name(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await board.look()
        await bench.rename(DOING, "Dø it 🚀")
        renamed = bench.open(columns={"inProgress": "Dø it 🚀"})
        await renamed.check()
        await renamed.move(ticket, "Dø it 🚀")
        assert (await renamed.look(["Dø it 🚀"])).members == {READY: set(), "Dø it 🚀": {ticket}}
        assert await renamed.column_of(ticket) == "Dø it 🚀"
        await renamed.aclose()

    async def test_a_ready_column_that_was_renamed_is_said(self, bench: BoardBench) -> None:
        await bench.ticket()
        await bench.rename(READY, "Later")
        board = bench.open()
        with pytest.raises(Misconfigured, match="'Later'") as wrong:
            await board.look()
        assert wrong.value.reason == "ColumnMissing"
        await board.aclose()

    async def test_an_archived_column(
        self, bench: BoardBench, board: Board, record_property: Callable[[str, object], None]
    ) -> None:
        ticket = await bench.ticket(column=REVIEW)
        if not await bench.archive_column(REVIEW):
            record_property("absent", "archived columns")
            await board.check()
            assert await board.column_of(ticket) == REVIEW
            return
        with pytest.raises(Misconfigured, match=REVIEW) as wrong:
            await board.check()
        assert wrong.value.reason == "ColumnMissing"
        assert await board.column_of(ticket) is None

    async def test_several_moves_leave_a_ticket_in_one_column(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket(label="bot")
        for column in (DOING, REVIEW, READY, DOING):
            await board.move(ticket, column)
        look = await board.look([DOING, REVIEW])
        assert look.members == {READY: set(), DOING: {ticket}, REVIEW: set()}
        await board.move(ticket, READY)
        (ready,) = (await board.look()).ready
        assert ready.labels == ("bot",)

"""Cases of every board: who wrote, moved and changed a ticket."""

from __future__ import annotations

from boardhand_operator.boards import Board
from boardhand_operator.pools.trust import Circle, refusal
from tests.contract.board_bench import DOING, READY, BoardBench
from tests.support.objects import a_pool


class TrustCases:
    """What `spec.policy.trigger` goes by."""

    async def test_a_ticket_says_who_wrote_it_and_who_moved_it_in(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        read = await board.read(ticket)
        assert read is not None
        assert (read.author, read.mover, read.moved_by_us) == (bench.person, bench.person, False)
        assert read.author_id == read.moved_by
        assert read.moved_by in await board.people()
        await bench.put(ticket, DOING)
        await bench.put(ticket, READY)
        again = await board.read(ticket)
        assert again is not None
        assert (again.moved_by, again.author_id, again.moved_by_us) == (read.moved_by, read.author_id, False)

    async def test_what_we_moved_in_is_our_own_doing(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket(column=DOING)
        await board.move(ticket, READY)
        read = await board.read(ticket)
        assert read is not None
        assert read.moved_by_us
        assert read.moved_by != read.author_id != ""

    async def test_a_ticket_that_a_stranger_moved_in_is_left_alone(self, bench: BoardBench, board: Board) -> None:
        pool, ticket = a_pool(), await bench.ticket()
        read = await board.read(ticket)
        assert read is not None
        assert refusal(pool, read, Circle(await board.people())) is None
        await bench.stranger()
        strange = await board.read(ticket)
        assert strange is not None
        assert "moved in by" in str(refusal(pool, strange, Circle(await board.people())))

    async def test_who_changed_a_ticket_after_it_was_moved_in(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.edit(ticket, "Another title", "Another description")
        read = await board.read(ticket)
        assert read is not None
        told = "edits" in bench.has
        assert {edit.by for edit in read.edits} == ({read.author_id} if told else set())
        assert all(edit.at >= read.entered_at for edit in read.edits)

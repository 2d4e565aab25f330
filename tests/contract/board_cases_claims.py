"""Cases of every board: claims, the closing comment, and the vendor's clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import Claimant, Lost, Won, claim, close
from boardhand_operator.boards.markers import claim_text, find_claims
from boardhand_operator.errors import RemoteUnavailable
from tests.contract.board_bench import DOING, DONE, READY, RIVAL, RUN, BoardBench

DAY = 86400.0
NAMED = Claimant("lauf-ü🚀", "uid/日本 =`", "e 1&2=`\u200d", "Laden é `x`", "uid-%41")


class ClaimCases:
    """What is written once."""

    async def test_a_comment_is_written_edited_and_cut(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        id_ = await board.comment(ticket, "🚀" * 60_000)
        (text,) = await bench.said(ticket)
        assert len(text.encode("utf-16-le")) // 2 <= board.comment_limit
        assert text.endswith("(cut here: the board takes no longer text)*")
        await board.edit_comment(ticket, id_, "short")
        assert await bench.said(ticket) == ["short"]

    async def test_two_claims_at_once_have_one_winner(self, bench: BoardBench, board: Board) -> None:
        other = bench.open()
        for number in range(5):
            ticket = await bench.ticket(f"ticket {number}")
            both = await asyncio.gather(
                claim(board, ticket, RUN), claim(other, ticket, Claimant("b", "uid-b", "e1", "shop", "uid-shop"))
            )
            assert sorted(type(outcome).__name__ for outcome in both) == ["Lost", "Won"]
            assert len(find_claims(await board.comments(ticket))) == 1
        await other.aclose()

    async def test_claiming_again_writes_nothing(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        first = await claim(board, ticket, RUN)
        assert await claim(board, ticket, RUN) == first
        late = Claimant("late", "uid-late", "e1", "shop", "uid-shop")
        assert await claim(board, ticket, late) == Lost("run", "uid")
        assert len(await bench.said(ticket)) == 1
        next_one = Claimant("next", "uid-next", "e2", "shop", "uid-shop")
        assert isinstance(await claim(board, ticket, next_one), Won)

    async def test_a_claim_in_somebody_elses_words_is_none(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.say(ticket, claim_text("thief", "uid-thief", "e1", "shop", "uid-shop"))
        assert isinstance(await claim(board, ticket, RUN), Won)

    @pytest.mark.parametrize("how", ["connection", "gateway"])
    async def test_a_lost_answer_to_a_claim_is_found_again(self, bench: BoardBench, board: Board, how: str) -> None:
        ticket = await bench.ticket()
        if how == "connection":
            bench.wire.lose.append(bench.comment_written)
        else:
            await bench.fault(match=bench.comment_written, status=502, after=True, times=1)
        with pytest.raises(RemoteUnavailable):
            await claim(board, ticket, RUN)
        assert isinstance(await claim(board, ticket, RUN), Won)
        assert len(await bench.said(ticket)) == 1

    async def test_closing_is_once_whatever_is_lost(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        bench.wire.lose.append(bench.comment_written)
        with pytest.raises(RemoteUnavailable):
            await close(board, ticket, "uid", "x" * 70_000)
        id_ = await close(board, ticket, "uid", "x" * 70_000)
        assert await close(board, ticket, "uid", "other words") == id_
        (text,) = await bench.said(ticket)
        assert len(text) == board.comment_limit
        assert await close(board, ticket, "uid-2", "another run") != id_

    async def test_a_claim_with_any_names(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket("日本 🚀")
        first = await claim(board, ticket, NAMED)
        assert isinstance(first, Won)
        (found,) = find_claims(await board.comments(ticket))
        assert (found.run, found.uid, found.event, found.pool) == (NAMED.run, NAMED.uid, NAMED.event, NAMED.pool_uid)
        assert await claim(board, ticket, NAMED) == first
        late = Claimant("late", "uid-late", NAMED.event, "shop", "uid-shop")
        assert await claim(board, ticket, late) == Lost(NAMED.run, NAMED.uid)

    async def test_claims_of_two_tickets_do_not_meet(self, bench: BoardBench, board: Board) -> None:
        first, second = await bench.ticket("first"), await bench.ticket("second")
        assert isinstance(await claim(board, first, RUN), Won)
        assert isinstance(await claim(board, second, RIVAL), Won)

    async def test_a_claim_that_a_person_deleted_around_is_kept(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.say(ticket, "before")
        won = await claim(board, ticket, RUN)
        await bench.say(ticket, "after")
        await bench.edit(ticket, "Another title", "another text")
        await bench.put(ticket, DONE)
        assert await claim(board, ticket, RUN) == won

    # The vendor's clock

    @pytest.mark.parametrize("off", [-DAY, DAY], ids=["behind", "ahead"])
    async def test_claims_by_a_clock_that_is_off(self, bench: BoardBench, board: Board, off: float) -> None:
        await bench.clock(off)
        ticket = await bench.ticket()
        other = bench.open()
        both = await asyncio.gather(claim(board, ticket, RUN), claim(other, ticket, RIVAL))
        assert sorted(type(outcome).__name__ for outcome in both) == ["Lost", "Won"]
        assert [await claim(board, ticket, RUN), await claim(other, ticket, RIVAL)] == list(both)
        await other.aclose()

    @pytest.mark.parametrize("off", [-DAY, DAY], ids=["behind", "ahead"])
    async def test_what_was_said_by_a_clock_that_is_off(self, bench: BoardBench, board: Board, off: float) -> None:
        await bench.clock(off)
        ticket = await bench.ticket()
        await bench.say(ticket, "first")
        (first,) = await board.comments(ticket)
        await bench.say(ticket, "second")
        assert [one.comment.text for one in (await board.look((), first.created_at)).said] == ["first", "second"]
        later = first.created_at + timedelta(hours=1)
        assert (await board.look((), later)).said == ()

    @pytest.mark.parametrize("off", [-DAY, DAY], ids=["behind", "ahead"])
    async def test_events_by_a_clock_that_is_off(self, bench: BoardBench, board: Board, off: float) -> None:
        first, second = await bench.ticket("old one"), await bench.ticket("first")
        (before, _) = (await board.look()).ready
        await bench.put(first, DOING)
        await bench.delete(first)
        await bench.delete(second)
        await bench.clock(off)
        first, second = await bench.ticket("first"), await bench.ticket("second")
        found = (await board.look()).ready
        assert [card.id for card in found] == [first, second]
        assert abs((found[0].entered_at - before.entered_at).total_seconds() - off) < 3600
        await bench.put(first, DOING)
        await bench.put(first, READY)
        again = (await board.look()).ready
        assert [card.id for card in again] == [second, first]
        assert again[0] == found[1]
        assert again[1].event != found[0].event

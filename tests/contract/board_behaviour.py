"""What a board does, whichever it is: cases for every one of them, over a bench that plays the people at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Protocol

import httpx
import pytest

from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import Claimant, Lost, Won, claim, close
from boardhand_operator.boards.markers import claim_text, find_claims
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    RemoteUnavailable,
)
from tests.contract.board_wires import Wire

READY, DOING, REVIEW, DONE = "Sprint Backlog", "In Progress", "In Review", "Done"
RUN = Claimant("run", "uid", "e1", "shop", "uid-shop")


class BoardBench(Protocol):
    """A fresh board with the four columns, and what a person named ada does there."""

    wire: Wire
    secret: str
    """Name of the Secret."""
    person: str
    """Who ada is to the board."""
    comment_written: str
    """Pattern of "METHOD path" of the request that writes a comment."""
    moved: str
    """That of the first write of a move."""
    page: int
    """More tickets than a page of the vendor's list has."""

    def open(self, *, token: str | None = None, **spec: Any) -> Board: ...

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str: ...

    async def put(self, ticket: str, column: str) -> None: ...

    async def edit(self, ticket: str, title: str, body: str) -> None: ...

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None: ...

    async def said(self, ticket: str) -> list[str]: ...

    async def delete(self, ticket: str) -> None: ...

    async def archive(self, ticket: str, *, back: bool = False) -> None: ...

    async def rename(self, column: str, name: str) -> None: ...

    async def fault(self, **fault: Any) -> None: ...

    def reader_token(self) -> str:
        """Of an account that may look and not write."""
        ...


class BoardBehaviour:
    """To be inherited by a class whose module has a fixture `bench`."""

    @pytest.fixture
    async def board(self, bench: BoardBench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Board]:
        monkeypatch.setattr("boardhand_operator.transport.RETRIES", 1)
        opened = bench.open()
        yield opened
        await opened.aclose()

    # What is ready

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

    # What a ticket says

    @pytest.mark.parametrize(
        "text", ["ü → 🚀\u200d👩\n\ttab", "\u202eright to left", "x" * 100_000, "日本" * 30_000, "<b>&amp;</b> *m*", ""]
    )
    async def test_any_text_is_read_as_it_is(self, bench: BoardBench, board: Board, text: str) -> None:
        ticket = await bench.ticket("Ünïcode 🚀", body=text)
        (found,) = (await board.look()).ready
        assert (found.title, found.body) == ("Ünïcode 🚀", text)
        read = await board.read(ticket)
        assert read is not None
        assert ticket_of(read).body == text

    async def test_reading_gives_comments_with_authors_oldest_first(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.say(ticket, "a question")
        await bench.say(ticket, "an answer", by_us=True)
        read = await board.read(ticket)
        assert read is not None
        assert [(said.text, said.by_us) for said in read.comments] == [("a question", False), ("an answer", True)]
        assert read.all_comments
        assert read.comments[0].author == bench.person
        assert read.comments[0].author_id not in ("", read.comments[1].author_id)
        assert read.event == (await board.look()).ready[0].event
        assert await board.comments(ticket) == list(read.comments)

    async def test_the_event_is_found_below_many_comments(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        (before,) = (await board.look()).ready
        for number in range(120):
            await bench.say(ticket, f"comment {number}")
        read = await board.read(ticket)
        assert read is not None
        assert read.event == before.event
        assert [said.text for said in await board.comments(ticket)] == [f"comment {n}" for n in range(120)]

    async def test_what_was_said_since_a_moment(self, bench: BoardBench, board: Board) -> None:
        first, second = await bench.ticket(), await bench.ticket("other", DONE)
        await bench.say(first, "long ago")
        (old,) = await board.comments(first)
        await bench.say(second, "there")
        await bench.say(first, "here")
        (_, here), (there,) = await board.comments(first), await board.comments(second)
        said = (await board.look((), there.created_at)).said
        assert [(one.ticket, one.comment) for one in said if one.comment.id != old.id] == [
            (second, there),
            (first, here),
        ]
        assert (await board.look()).said == ()

    async def test_a_deleted_ticket(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await board.look()
        await bench.delete(ticket)
        assert (await board.look()).ready == []
        assert await board.read(ticket) is None
        assert await board.column_of(ticket) is None
        for call in (board.comments(ticket), board.comment(ticket, "x"), board.move(ticket, DONE)):
            with pytest.raises(NotFound):
                await call

    # Comments, claims and the end

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

    # Columns

    async def test_moving_is_once_and_only_where_needed(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await board.move(ticket, DOING)
        assert await board.column_of(ticket) == DOING
        bench.wire.requests.clear()
        await board.move(ticket, DOING)
        await board.move(ticket, DOING, DOING)
        assert [place for place in bench.wire.sent() if not place.startswith("GET")] == []
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
            if request.method != "GET":
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

    # What the board refuses

    async def test_a_refused_token_is_said_with_what_to_do(self, bench: BoardBench) -> None:
        board = bench.open(token="e" * 64)
        with pytest.raises(CredentialsRefused) as refused:
            await board.check()
        assert f"Secret {bench.secret}" in str(refused.value)
        assert "under the key `token`" in str(refused.value)
        assert "e" * 64 not in str(refused.value)
        await board.aclose()

    async def test_a_token_that_expires_meanwhile(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        assert len((await board.look()).ready) == 1
        await bench.fault(match=".", status=401)
        with pytest.raises(CredentialsRefused):
            await board.look()
        with pytest.raises(CredentialsRefused):
            await board.comment(ticket, "x")

    async def test_an_account_that_may_not_write(self, bench: BoardBench) -> None:
        ticket = await bench.ticket()
        board = bench.open(token=bench.reader_token())
        with pytest.raises(PermissionMissing, match=f"Secret {bench.secret}"):
            await board.move(ticket, DOING)
        assert await bench.open().column_of(ticket) == READY
        await board.aclose()

    async def test_a_rate_limit_is_handed_on_with_its_time(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.fault(match="GET", status=429, headers={"Retry-After": "120"})
        with pytest.raises(RateLimited) as limited:
            await board.look()
        assert limited.value.retry_after == 120
        await bench.fault(match="POST", status=429, headers={"Retry-After": "10"})
        with pytest.raises(RateLimited) as limited:
            await board.comment(ticket, "x")
        assert limited.value.retry_after == 10
        assert await bench.said(ticket) == []

    async def test_a_read_is_repeated_and_a_write_is_not(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.fault(match="GET", status=503, times=1)
        assert len((await board.look()).ready) == 1
        await bench.fault(match=bench.comment_written, status=500, times=1)
        with pytest.raises(RemoteUnavailable):
            await board.comment(ticket, "x")
        assert sum(place.startswith("POST") for place in bench.wire.sent()) == 1
        assert await bench.said(ticket) == []

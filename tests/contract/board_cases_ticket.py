"""Cases of every board: what a ticket says."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import Won, claim, close
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.errors import NotFound
from tests.contract.board_bench import DONE, RUN, BoardBench
from tests.contract.markup import PIECES, STORED, same


class TicketCases:
    """Texts, comments and structure."""

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

    async def test_a_claim_beyond_a_page_of_comments_is_found_again(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        for number in range(bench.full_page):
            await bench.say(ticket, f"comment {number}")
        first = await claim(board, ticket, RUN)
        assert isinstance(first, Won)
        closing = await close(board, ticket, RUN.uid, "done")
        for number in range(3):
            await bench.say(ticket, f"and {number}")
        assert await claim(board, ticket, RUN) == first
        assert await close(board, ticket, RUN.uid, "done") == closing
        assert len(await board.comments(ticket)) == bench.full_page + 5

    async def test_a_moment_in_another_time_zone_is_the_same_moment(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.say(ticket, "hello")
        (said,) = await board.comments(ticket)
        there = said.created_at.astimezone(timezone(timedelta(hours=-11, minutes=-30)))
        assert [one.comment for one in (await board.look((), there)).said] == [said]

    async def test_who_says_something_is_one_of_the_boards_people(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.say(ticket, "hello")
        (said,) = await board.comments(ticket)
        people = await board.people()
        assert people[said.author_id]
        assert len(set(people.values())) == len(people)

    # Markdown in both directions

    @pytest.mark.parametrize("piece", PIECES)
    async def test_a_comment_of_ours_is_read_back_as_it_was_written(
        self, bench: BoardBench, board: Board, piece: str
    ) -> None:
        ticket, text = await bench.ticket(), f"Before.\n\n{PIECES[piece]}\n\nAfter."
        await board.comment(ticket, text)
        (said,) = await board.comments(ticket)
        assert same(said.text, text, bench.markup)
        read = await board.read(ticket)
        assert read is not None and read.comments == (said,)

    @pytest.mark.parametrize("piece", STORED)
    async def test_a_description_of_the_vendors_editor_is_markdown(
        self, bench: BoardBench, board: Board, piece: str
    ) -> None:
        text = f"Before.\n\n{PIECES[piece]}\n\nAfter."
        ticket = await bench.ticket(body=bench.stored(text))
        (ready,) = (await board.look()).ready
        assert same(ready.body, text, bench.markup)
        read = await board.read(ticket)
        assert read is not None and read.body == ready.body

    # Structure

    async def test_a_ticket_has_its_checklists(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.furnish(ticket)
        read = await board.read(ticket)
        assert read is not None
        assert read.checklists == bench.checklists

    async def test_a_ticket_has_its_attachments(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.furnish(ticket)
        read = await board.read(ticket)
        assert read is not None
        assert [found.name for found in read.attachments] == (["plan.pdf"] if "attachments" in bench.has else [])
        assert all(found.url.startswith(("https://", "http://")) for found in read.attachments)

    async def test_a_ticket_has_its_links(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.furnish(ticket)
        read = await board.read(ticket)
        assert read is not None
        assert [found.title for found in read.links] == (["Design"] if "links" in bench.has else [])
        assert all(found.url.startswith(("https://", "http://")) for found in read.links)

    async def test_the_priority_is_the_boards_own_word(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.furnish(ticket)
        (ready,) = (await board.look()).ready
        read = await board.read(ticket)
        assert read is not None
        assert ready.priority == read.priority == ("High" if "priority" in bench.has else "")

    async def test_a_ticket_without_structure(self, bench: BoardBench, board: Board) -> None:
        read = await board.read(await bench.ticket(body="Only words."))
        assert read is not None
        assert (read.checklists, read.attachments, read.links) == ((), (), ())

    async def test_what_a_run_gets_of_the_structure(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket(body="Only words.")
        await bench.furnish(ticket)
        read = await board.read(ticket)
        assert read is not None
        told = ticket_of(read)
        items = [item.text for checklist in told.checklists for item in checklist.items]
        assert items == [item.text for checklist in bench.checklists for item in checklist.items]
        assert [found.name for found in told.attachments] == [found.name for found in read.attachments]
        assert [found.name for found in told.links] == [found.title for found in read.links]
        assert told.priority == read.priority

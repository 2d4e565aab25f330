from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.ticket import Checklist, ChecklistItem, Linked, Ticket, TicketComment
from boardhand_operator import boards
from boardhand_operator.boards.ticket import BYTES, ticket_of
from boardhand_operator.texts.fitting import fitted, smaller
from boardhand_runner.nodes.ticket import ticket_text

WHOLE = Ticket(
    id="1",
    title="Fix it",
    body="words " * 40,
    labels=["bug"],
    priority="High",
    checklists=[Checklist(name="Steps", items=[ChecklistItem(text="one", done=True), ChecklistItem(text="two")])],
    attachments=[Linked(name="plan.pdf", url="https://board.test/plan.pdf")],
    links=[Linked(name="Design", url="https://wiki.test/design")],
    comments=[TicketComment(author="ada", text="first"), TicketComment(author="ada", text="second")],
)


def test_what_is_left_out_and_in_which_order() -> None:
    said: list[str] = []
    ticket: Ticket | None = WHOLE
    while ticket:
        before, ticket = ticket, smaller(ticket)
        if ticket:
            said += [name for name in Ticket.model_fields if getattr(before, name) != getattr(ticket, name)]
    assert said[:5] == ["comments", "comments", "links", "attachments", "checklists"]
    assert set(said[5:]) == {"body"}


@given(st.integers(100, 2000))
def test_a_ticket_fits_or_only_its_title_is_left(most: int) -> None:
    found = fitted(WHOLE, most)
    assert (found.title, found.labels) == (WHOLE.title, WHOLE.labels)
    fits = len(found.model_dump_json(by_alias=True).encode()) <= most
    assert fits or smaller(found) is None


def test_a_card_travels_whole_and_never_too_large() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    said = tuple(boards.Comment(str(n), "ada", "u", "日" * 16_000, moment, False) for n in range(50))
    card = boards.Card(
        "1", "#1", "u", "Fix it", "body", ("bug",), "e", moment, "Ready",
        priority="High",
        checklists=(boards.Checklist("Steps", (boards.Item("one", True), boards.Item("x" * 5000, False))),) * 30,
        attachments=(boards.Attachment("plan.pdf", "https://board.test/plan.pdf"),) * 60,
        links=(boards.Link("Design", "https://wiki.test/" + "x" * 3000),),
        comments=said,
    )  # fmt: skip
    ticket = ticket_of(card)
    assert len(ticket.model_dump_json(by_alias=True).encode()) <= BYTES
    assert (len(ticket.checklists), len(ticket.attachments)) == (20, 50)
    assert ticket.checklists[0].items[0] == ChecklistItem(text="one", done=True)
    assert ticket.links == [Linked(name="Design")], "a cut address leads elsewhere"
    assert 0 < len(ticket.comments) < 50


def test_the_agent_reads_the_structure() -> None:
    text = ticket_text(WHOLE)
    assert "Priority: High" in text
    assert "Checklist Steps:\n- [x] one\n- [ ] two" in text
    assert "Attachments, which cannot be opened:\n- plan.pdf https://board.test/plan.pdf" in text
    assert "Links:\n- Design https://wiki.test/design" in text
    assert text.endswith("Comment by ada:\nsecond")
    assert "Links" not in ticket_text(Ticket(id="1", title="bare"))

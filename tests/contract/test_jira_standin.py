"""What is Jira's own, on the stand-in: searches that are behind, workflows, filters, and tokens that expired."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards import open_board
from boardhand_operator.boards.claims import Won, claim
from boardhand_operator.boards.jira import entered as jira_entered
from boardhand_operator.boards.jira import fitting as jira_fitting
from boardhand_operator.boards.jira.board import JiraBoard, JiraCloud, JiraDataCenter
from boardhand_operator.errors import CredentialsRefused, Misconfigured, PermissionMissing
from boardhand_operator.http.transport import Connection
from testbed.jira.models import Way
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW, RUN
from tests.contract.jira_board import ADA, KEY, SITE, JiraBench, JiraDataCenterBench

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["cloud", "datacenter"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[JiraBench]:
    made = JiraBench() if request.param == "cloud" else JiraDataCenterBench()
    yield made
    made.check_requests()


@pytest.fixture
async def cloud() -> AsyncIterator[JiraBench]:
    made = JiraBench()
    yield made
    made.check_requests()


@pytest.fixture
async def board(bench: JiraBench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[JiraBoard]:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    opened = bench.open()
    yield opened
    await opened.aclose()


# Events


async def test_the_event_is_the_changelogs(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    (new,) = (await board.look()).ready
    assert (new.event, new.key, new.url) == (f"created-{ticket}", "SHOP-1", f"{SITE}/browse/SHOP-1")
    await bench.put(ticket, DONE)
    await bench.put(ticket, READY)
    (back,) = (await board.look()).ready
    assert back.event == bench.issue(ticket).log[-1].id
    assert back.entered_at.timestamp() == bench.issue(ticket).log[-1].at
    read = await board.read(ticket)
    assert read is not None and (read.event, read.entered_at) == (back.event, back.entered_at)


async def test_the_event_is_found_below_many_changes(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket(column=DONE)
    await bench.put(ticket, READY)
    event = bench.issue(ticket).log[-1].id
    for number in range(250):
        bench.state.edit(bench.issue(ticket), ADA, f"title {number}", None)
    read = await board.read(ticket)
    assert read is not None and read.event == event
    bench.state.page = 2
    for _ in range(3):
        await bench.put(ticket, DOING)
        await bench.put(ticket, READY)
    (ready,) = (await board.look()).ready
    assert ready.event == bench.issue(ticket).log[-1].id


async def test_an_archived_issue_is_not_there(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    bench.state.archive(bench.issue(ticket))
    look = await board.look()
    assert (look.ready, look.members[READY]) == ([], frozenset())
    assert await board.read(ticket) is None
    assert await board.column_of(ticket) is None
    bench.state.archive(bench.issue(ticket), back=True)
    assert [card.id for card in (await board.look()).ready] == [ticket]


# Searches that are behind (Cloud)


async def test_a_ticket_that_left_is_not_offered_by_an_old_search(cloud: JiraBench) -> None:
    board = cloud.open()
    left, gone, stays = await cloud.ticket("left"), await cloud.ticket("gone"), await cloud.ticket("stays")
    await cloud.put(left, DONE)
    await cloud.put(left, READY)
    cloud.state.freeze()
    await cloud.put(left, DONE)
    await cloud.delete(gone)
    assert [card.id for card in (await board.look()).ready] == [stays]
    cloud.state.thaw()
    assert (await board.look()).members[READY] == {stays}
    await board.aclose()


async def test_a_ticket_that_came_back_is_offered_by_its_new_event_alone(cloud: JiraBench) -> None:
    board = cloud.open()
    ticket = await cloud.ticket()
    (before,) = (await board.look()).ready
    cloud.state.freeze()
    await cloud.put(ticket, DONE)
    await cloud.put(ticket, READY)
    (stale,) = (await board.look()).ready
    cloud.state.thaw()
    (fresh,) = (await board.look()).ready
    assert stale.event == fresh.event == cloud.issue(ticket).log[-1].id != before.event
    await board.aclose()


async def test_what_we_moved_is_where_we_moved_it_whatever_the_search_says(cloud: JiraBench) -> None:
    board = cloud.open()
    ticket, other = await cloud.ticket(), await cloud.ticket("other")
    cloud.state.freeze()
    assert isinstance(await claim(board, ticket, RUN), Won)
    assert isinstance(await claim(board, ticket, RUN), Won)
    assert len(await cloud.said(ticket)) == 1
    await board.move(ticket, DOING)
    look = await board.look([DOING])
    assert look.members == {READY: {other}, DOING: {ticket}}
    await board.aclose()


async def test_only_so_many_moves_are_reconciled(cloud: JiraBench) -> None:
    board = cloud.open()
    tickets = [await cloud.ticket(f"t{number}") for number in range(60)]
    cloud.state.freeze()
    for ticket in tickets:
        await board.move(ticket, DOING, READY)
    assert (await board.look([DOING])).members[DOING] == set(tickets[10:])
    await board.aclose()


async def test_a_ticket_that_cannot_be_reconciled_does_not_stop_the_polls(cloud: JiraBench) -> None:
    board = cloud.open()
    ticket = await cloud.ticket()
    await board.move(ticket, DOING)
    await cloud.fault(match="POST .*/search/jql$", status=400, times=1)
    assert (await board.look([DOING])).members[DOING] == {ticket}
    cloud.wire.requests.clear()
    await board.look()
    assert b"reconcileIssues" not in cloud.wire.requests[0].content
    await board.aclose()


# What a poll costs


async def test_a_quiet_poll_is_one_request_however_much_is_done(
    bench: JiraBench, board: JiraBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jira_entered, "SETTLED", 0.0)
    for number in range(20):
        ticket = await bench.ticket(f"ready {number}", body="x" * 10_000)
    await bench.say(ticket, "hello")

    async def cost() -> tuple[int, int]:
        await board.look([DOING], LONG_AGO)
        bench.wire.requests.clear()
        bench.wire.received = 0
        look = await board.look([DOING])
        assert len(look.ready) == 20
        return len(bench.wire.requests), bench.wire.received

    small = await cost()
    assert small[0] == 1
    assert small[1] < 20_000
    for number in range(100):
        await bench.ticket(f"done {number}", DONE)
    assert await cost() == small
    bench.wire.requests.clear()
    assert [one.comment.text for one in (await board.look([DOING], LONG_AGO)).said] == ["hello"]
    assert len(bench.wire.requests) == 2, "121 tickets are two pages"


async def test_a_ticket_is_read_anew_until_its_changelog_is_told_to_the_end(
    cloud: JiraBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = cloud.open()
    now = 0.0
    monkeypatch.setattr(board._entered, "_clock", lambda: now)
    await cloud.ticket()
    counts = []
    for moment in (0.0, 10.0, 31.0, 32.0):
        now = moment
        cloud.wire.requests.clear()
        (ready,) = (await board.look()).ready
        assert ready.event.startswith("created-")
        counts.append(sum(place.endswith("bulkfetch") for place in cloud.wire.sent()))
    assert counts == [2, 2, 2, 0]
    await board.aclose()


async def test_comments_beyond_those_that_come_along(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    for number in range(30):
        await bench.say(ticket, f"old {number}")
    old = (await board.comments(ticket))[-1]
    for number in range(130):
        await bench.say(ticket, f"new {number}")
    said = (await board.look((), old.created_at)).said
    assert [one.comment.text for one in said] == ["old 29", *(f"new {number}" for number in range(130))]
    everything = (await board.look((), LONG_AGO)).said
    assert len(everything) == 160


# Workflows


def strict(bench: JiraBench, *ways: tuple[str, str]) -> None:
    """A workflow with these transitions alone."""
    bench.project.ways = [
        Way(bench.state.next_id(), f"{one} → {other}", bench.status(other), (bench.status(one).id,))
        for one, other in ways
    ]


async def test_a_transition_that_is_missing_is_said_by_the_check(bench: JiraBench, board: JiraBoard) -> None:
    await bench.ticket()
    strict(bench, (READY, REVIEW), (DOING, REVIEW))
    with pytest.raises(
        Misconfigured, match=f"no transition from '{READY}' to '{DOING}'; there are: .*'{REVIEW}'"
    ) as wrong:
        await board.check()
    assert wrong.value.reason == "TransitionMissing"
    strict(bench, (READY, DOING), (DOING, REVIEW))
    await board.check()
    await bench.ticket("in progress", DOING)
    await board.check()
    with pytest.raises(Misconfigured, match=f"no transition from '{DOING}' to '{DONE}'"):
        await bench.open(columns={"failed": DONE}).check()
    other = bench.open(label="bot")
    strict(bench)
    await other.check()


async def test_a_transition_that_is_missing_is_said_by_the_move(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    strict(bench, (READY, REVIEW))
    with pytest.raises(
        Misconfigured, match=f"from status '{READY}' to '{DOING}'.*there are: .* to '{REVIEW}'"
    ) as wrong:
        await board.move(ticket, DOING, READY)
    assert wrong.value.reason == "TransitionMissing"
    strict(bench)
    with pytest.raises(Misconfigured, match="there is none at all"):
        await board.move(ticket, DOING)
    assert bench.wire.writes() == []


async def test_a_move_from_where_a_person_put_the_ticket(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    strict(bench, (READY, DOING), (REVIEW, DOING))

    async def person(request: Any) -> None:
        if bench.wire.is_write(request):
            bench.wire.before = None
            await bench.put(ticket, REVIEW)

    bench.wire.before = person
    await board.move(ticket, DOING)
    assert await board.column_of(ticket) == DOING
    await bench.put(ticket, REVIEW)
    await board.move(ticket, DOING, READY)
    assert await board.column_of(ticket) == DOING
    await board.move(ticket, DOING, READY)
    assert len(bench.wire.writes()) == 3


async def test_a_transition_that_asks_for_a_field_is_not_taken_where_another_leads_there(cloud: JiraBench) -> None:
    board = cloud.open()
    ticket = await cloud.ticket()
    strict(cloud, (READY, DOING), (READY, DOING))
    asking, plain = cloud.project.ways
    asking.has_screen, asking.required = True, "resolution"
    await board.move(ticket, DOING)
    assert await board.column_of(ticket) == DOING
    await cloud.put(ticket, READY)
    plain.has_screen, plain.required = True, "resolution"
    with pytest.raises(
        Misconfigured, match=r"resolution: Resolution is required\. \(400\)\. Boardhand fills in no fields"
    ) as wrong:
        await board.move(ticket, DOING)
    assert wrong.value.reason == "TransitionRefused"
    await board.aclose()


# What is configured


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"url": None}, "UrlMissing"),
        ({"board": "NONE"}, "BoardMissing"),
        ({"columns": {"failed": "Broken"}}, "ColumnMissing"),
        ({"filter": "universe = 42"}, "FilterWrong"),
        ({"filter": "labels = bot ORDER BY rank"}, "FilterWrong"),
    ],
)
async def test_a_wrong_spec_is_said(bench: JiraBench, spec: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        await bench.open(**spec).check()
    assert wrong.value.reason == reason


async def test_an_archived_project(bench: JiraBench, board: JiraBoard) -> None:
    bench.project.archived = True
    with pytest.raises(Misconfigured) as wrong:
        await board.check()
    assert wrong.value.reason == "BoardClosed"


async def test_a_filter_lets_through_and_comments_are_heard_beside_it(bench: JiraBench) -> None:
    board = bench.open(filter='labels = "bot" OR priority = High')
    wanted, other = await bench.ticket("wanted", label="bot"), await bench.ticket("other")
    elsewhere = await bench.ticket("elsewhere", DOING)
    await bench.say(other, "hello")
    look = await board.look([DOING], LONG_AGO)
    assert [card.id for card in look.ready] == [wanted]
    assert look.members == {READY: {wanted}, DOING: {elsewhere}}
    assert [(one.ticket, one.comment.text) for one in look.said] == [(other, "hello")]
    await board.aclose()


async def test_they_are_installed_and_need_their_keys() -> None:
    spec: dict[str, Any] = {"board": KEY, "url": f"{SITE}/jira", "secretRef": {"name": "shop-jira"}}
    cloud = open_board(pool.Board.model_validate(spec | {"type": "jira"}), {"email": "a@b.example", "token": "t"})
    server = open_board(pool.Board.model_validate(spec | {"type": "jira-dc"}), {"token": "t"})
    assert isinstance(cloud, JiraCloud) and isinstance(server, JiraDataCenter)
    with pytest.raises(Misconfigured, match=r"shop-jira.*`email`"):
        open_board(pool.Board.model_validate(spec | {"type": "jira"}), {"token": "t"})
    await cloud.aclose()
    await server.aclose()


async def test_the_check_names_the_permissions_that_are_missing(bench: JiraBench) -> None:
    with pytest.raises(
        PermissionMissing, match=r"lacks the permission Transition issues, Add comments, Edit own comments"
    ):
        await bench.open(token=bench.reader_token()).check()
    ticket = await bench.ticket()
    with pytest.raises(PermissionMissing, match=r"not have the permission to comment.*Secret shop-jira"):
        await bench.open(token=bench.reader_token()).comment(ticket, "x")


async def test_a_ticket_with_subtasks_links_and_a_parent(bench: JiraBench, board: JiraBoard) -> None:
    ids = [await bench.ticket(title, column) for title, column in (("whole", READY), ("one", DONE), ("two", READY))]
    whole, one, two = (bench.issue(id_) for id_ in ids)
    whole.subtasks, one.parent = [one, two], whole
    whole.relations = [("blocks", "outward", two)]
    read, sub = await board.read(whole.id), await board.read(one.id)
    assert read is not None and sub is not None
    assert [(item.text, item.done) for item in read.checklists[0].items] == [
        ("SHOP-2 one", True),
        ("SHOP-3 two", False),
    ]
    assert [(link.title, link.url) for link in read.links] == [("blocks SHOP-3 two", f"{SITE}/browse/SHOP-3")]
    assert [link.title for link in sub.links] == ["parent SHOP-1 whole"]


async def test_people_are_those_who_may_be_assigned(bench: JiraBench, board: JiraBoard) -> None:
    people = await board.people()
    assert people[ADA.id] == ("ada@example.com" if bench.cloud else "ada")
    assert "712020:reader" not in people
    ADA.shows_email = False
    try:
        assert (await board.people())[ADA.id] == (ADA.id if bench.cloud else "ada")
    finally:
        ADA.shows_email = True


async def test_a_comment_of_somebody_who_left(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    bench.state.say(bench.issue(ticket), None, bench.written("bye"))
    (said,) = await board.comments(ticket)
    assert (said.author, said.author_id, said.by_us) == ("somebody who left", "", False)


async def test_what_is_said_to_some_alone_is_not_read(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    for by_us in (False, True):
        await bench.say(ticket, "for administrators", by_us=by_us)
        bench.issue(ticket).comments[-1].role = "Administrators"
    await bench.say(ticket, "for all")
    read = await board.read(ticket)
    look = await board.look((), LONG_AGO)
    assert read is not None
    assert [said.by_us for said in read.comments] == [True, False]
    assert list(read.comments) == await board.comments(ticket) == [one.comment for one in look.said]


# Tokens


async def test_a_token_that_expired_does_not_make_tickets_vanish(bench: JiraBench, board: JiraBoard) -> None:
    ticket = await bench.ticket()
    await board.look()
    bench.state.anonymous = True
    known, bench.state.tokens = bench.state.tokens, {}
    for call in (board.read(ticket), board.column_of(ticket), board.comments(ticket), board.look([DOING])):
        with pytest.raises(CredentialsRefused):
            await call
    with pytest.raises(CredentialsRefused):
        await bench.open().look()
    for write in (board.comment(ticket, "x"), board.move(ticket, DOING)):
        with pytest.raises(CredentialsRefused):
            await write
    bench.state.tokens = known
    assert await board.column_of(ticket) == READY


async def test_an_email_of_another_account_is_refused(cloud: JiraBench) -> None:
    spec = {"type": "jira", "board": KEY, "url": SITE, "secretRef": {"name": "shop-jira"}}
    credentials = {"email": "ada@example.com", "token": "a-token-of-the-bot"}
    board = JiraCloud(pool.Board.model_validate(spec), credentials, Connection(transport=cloud.wire))
    with pytest.raises(CredentialsRefused, match="under the key `email` must be that of the token's account"):
        await board.check()
    await board.aclose()


async def test_a_token_with_scopes_has_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = JiraBench()
    monkeypatch.setattr("boardhand_operator.boards.jira.board.GATEWAY", "acme.example")
    bench.state.site = "https://people.example"
    await bench.ticket()
    board = bench.open()
    (ready,) = (await board.look()).ready
    assert ready.url == "https://people.example/browse/SHOP-1"
    await board.aclose()


# Comments that are too long


async def test_a_comment_is_shortened_where_its_markup_is_longer(
    bench: JiraBench, board: JiraBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testbed.jira.routes.TEXT_LIMIT", 1000)
    monkeypatch.setattr("boardhand_operator.boards.jira.board.HARD_LIMIT", 1000)
    monkeypatch.setattr("boardhand_operator.boards.jira.board.SHORTER", (990, 600, 300))
    ticket = await bench.ticket()
    await board.comment(ticket, "- `a`\n" * 400 + "\n\n`boardhand:closing:1 uid=u`")
    (said,) = await bench.said(ticket)
    assert said.endswith("`boardhand:closing:1 uid=u`")
    assert "cut here" in said
    assert len(bench.wire.writes()) == 1


async def test_a_lower_limit_of_an_administrator(
    bench: JiraBench, board: JiraBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testbed.jira.routes.TEXT_LIMIT", 10_000)
    ticket = await bench.ticket()
    await board.comment(ticket, "x" * 60_000)
    (said,) = await bench.said(ticket)
    assert len(said) <= jira_fitting.SHORTER[-1]
    assert len(bench.wire.writes()) == 3

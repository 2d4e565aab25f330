"""GitHubProjects' behaviour on the stand-in; what is sent and answered is held to GitHub's own descriptions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards import open_board
from boardhand_operator.boards.claims import Won, claim
from boardhand_operator.boards.github import project, ready
from boardhand_operator.boards.github.projects import GitHubProjects, needs
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, RemoteUnavailable
from boardhand_operator.http.transport import Connection
from testbed.github import desk, project_desk
from testbed.github.project_models import Option
from testbed.github.shapes import iso, node_id
from testbed.github.state import Token
from tests.contract.board_behaviour import COLUMNS, DOING, DONE, READY, REVIEW, RUN, BoardBehaviour
from tests.contract.github_board import PROJECT, PROJECT_LEAST, SITE, GitHubProjectsBench

_STATUS = project_desk.STATUS


@pytest.fixture
async def bench() -> AsyncIterator[GitHubProjectsBench]:
    made = GitHubProjectsBench()
    yield made
    made.check_requests()


@pytest.fixture
async def board(bench: GitHubProjectsBench) -> AsyncIterator[GitHubProjects]:
    opened = bench.open()
    yield opened
    await opened.aclose()


@pytest.mark.matrix
class TestGitHubProjects(BoardBehaviour):
    """All of it."""

    vendor = "github-projects"


# Events


async def test_the_event_is_the_change_of_the_status(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    ticket = await bench.ticket()
    change = bench.project.changes[-1]
    (found,) = (await board.look()).ready
    assert found.event == node_id("PVTISC", change.id)
    assert iso(found.entered_at.timestamp()) == iso(change.at)
    issue = bench.issue(ticket)
    assert (found.id, found.key) == (ticket, f"team/shop#{issue.number}")
    assert found.url == f"{SITE}/team/shop/issues/{issue.number}"
    read = await board.read(ticket)
    assert read is not None and read.event == found.event


async def test_a_change_that_its_timeline_does_not_tell_yet_is_waited_for(
    bench: GitHubProjectsBench, board: GitHubProjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(board._ready, "_clock", lambda: now)
    ticket = await bench.ticket()
    late = bench.project.changes.pop()
    look = await board.look()
    assert look.ready == []
    assert look.members == {READY: {ticket}}
    bench.project.changes.append(late)
    now += 1
    assert [card.event for card in (await board.look()).ready] == [node_id("PVTISC", late.id)]
    other = await bench.ticket()
    bench.project.changes.pop()
    assert len((await board.look()).ready) == 1
    now += ready.LATE
    item = bench.project.item_of(bench.issue(other))
    event = f"{node_id('PVTI', item.id)}@{iso(item.values[_STATUS].at)}"
    assert [card.event for card in (await board.look()).ready] == [node_id("PVTISC", late.id), event]


async def test_a_server_that_tells_of_no_changes(bench: GitHubProjectsBench) -> None:
    bench.state.new_graph = False
    board = bench.open()
    ticket, done = await bench.ticket(), await bench.ticket("done", DONE)
    item = bench.project.item_of(bench.issue(ticket))
    look = await board.look([DONE])
    (found,) = look.ready
    assert look.members == {READY: {ticket}, DONE: {done}}
    assert found.event == f"{node_id('PVTI', item.id)}@{iso(item.values[_STATUS].at)}"
    read = await board.read(ticket)
    assert read is not None and read.event == found.event
    await board.move(ticket, DOING)
    await board.move(ticket, READY)
    (again,) = (await board.look()).ready
    assert again.event != found.event
    assert not any(b"$filter" in request.content for request in bench.wire.requests)
    await board.aclose()


async def test_so_many_issues_a_poll(
    bench: GitHubProjectsBench, board: GitHubProjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "LOOKUPS", 2)
    monkeypatch.setattr(ready, "LATE", 0.0)
    for number in range(5):
        await bench.ticket(f"t{number}")
    assert [len((await board.look()).ready) for _ in range(3)] == [2, 4, 5]


# What is a ticket


async def test_drafts_pull_requests_and_what_is_archived_are_no_tickets(
    bench: GitHubProjectsBench, board: GitHubProjects
) -> None:
    ticket, archived = await bench.ticket(), await bench.ticket("archived")
    project_desk.add_draft(bench.state, bench.project, "a draft", READY)
    pull = desk.add_issue(bench.state, bench.repository, "a change", "", bench.state.user("ada"), is_pull=True)
    item = project_desk.add_item(bench.state, bench.project, pull, bench.repository)
    wanted = project_desk.option(bench.project, _STATUS, READY)
    project_desk.set_value(bench.state, bench.project, item, _STATUS, wanted)
    before = (await board.look()).ready
    assert len(before) == 2
    bench.project.item_of(bench.issue(archived)).archived = True
    assert (await board.look()).members == {READY: {ticket}}
    assert await board.column_of(archived) is None
    assert await board.read(archived) is None
    bench.project.item_of(bench.issue(archived)).archived = False
    assert (await board.look()).ready == before


async def test_issues_of_any_repository(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    other = bench.state.add_repository("team/other")
    other.roles = dict(bench.repository.roles)
    made = desk.add_issue(bench.state, other, "elsewhere", "", bench.state.user("ada"))
    item = project_desk.add_item(bench.state, bench.project, made, other)
    wanted = project_desk.option(bench.project, _STATUS, READY)
    project_desk.set_value(bench.state, bench.project, item, _STATUS, wanted)
    (found,) = (await board.look()).ready
    assert found.key == f"team/other#{made.number}"
    await board.comment(found.id, "hello")
    await board.move(found.id, DOING)
    assert await board.column_of(found.id) == DOING


async def test_what_was_taken_off_the_project_can_still_be_told(
    bench: GitHubProjectsBench, board: GitHubProjects
) -> None:
    ticket = await bench.ticket()
    project_desk.remove(bench.project, bench.issue(ticket))
    assert await board.column_of(ticket) is None
    assert await board.read(ticket) is None
    await board.comment(ticket, "done")
    assert await bench.said(ticket) == ["done"]
    with pytest.raises(NotFound, match="taken off project"):
        await board.move(ticket, DOING)


async def test_an_issue_without_a_status_is_in_no_column(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    ticket = await bench.ticket(column="")
    assert (await board.look()).members == {READY: frozenset()}
    assert await board.column_of(ticket) is None
    assert await board.read(ticket) is None


# What a poll costs


async def test_a_quiet_poll_is_one_request_and_one_for_what_was_said(
    bench: GitHubProjectsBench, board: GitHubProjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "LATE", 0.0)
    ticket = await bench.ticket()
    await bench.say(ticket, "hello")
    (said,) = await board.comments(ticket)
    before = await board.look([DOING, REVIEW], said.created_at)
    assert [one.comment for one in before.said] == [said]
    bench.wire.requests.clear()
    assert await board.look([DOING, REVIEW], said.created_at) == before
    assert [place.rpartition(" ")[2] for place in bench.wire.sent()] == ["Look", "Said"]


async def test_only_what_is_in_the_columns_is_asked_for(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    await bench.ticket()
    await board.look([DOING])
    (asked,) = [request for request in bench.wire.requests if b"query Look" in request.content]
    assert json.loads(asked.content)["variables"]["filter"] == f'is:issue is:open status:"{READY}","{DOING}"'


async def test_a_column_whose_name_no_filter_can_hold(bench: GitHubProjectsBench) -> None:
    bench.project.fields[_STATUS].append(Option("0a", 'The "other" one'))
    board = bench.open(columns={"ready": 'The "other" one'})
    ticket = await bench.ticket(column='The "other" one')
    await board.check()
    assert [card.id for card in (await board.look()).ready] == [ticket]
    await board.aclose()


async def test_much_that_was_said_on_one_issue(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    ticket = await bench.ticket()
    for number in range(130):
        await bench.say(ticket, f"{number}")
    (first, *_) = await board.comments(ticket)
    said = (await board.look((), first.created_at)).said
    assert [one.comment.text for one in said] == [f"{number}" for number in range(130)]


async def test_a_list_without_an_end(
    bench: GitHubProjectsBench, board: GitHubProjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "PAGES", 1)
    for number in range(101):
        await bench.ticket(f"t{number}")
    with pytest.raises(RemoteUnavailable, match="more than 1 pages"):
        await board.look()


# What is configured


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"board": "team/7"}, "BoardMalformed"),
        ({"board": "orgs/team/seven"}, "BoardMalformed"),
        ({"board": "teams/team/7"}, "BoardMalformed"),
        ({"board": "orgs/team/7/views/1"}, "BoardMalformed"),
        ({"board": "orgs/nobody/7"}, "BoardMissing"),
        ({"board": "users/ada/7"}, "BoardMissing"),
        ({"columns": {"failed": "Broken"}}, "ColumnMissing"),
        ({"filter": "is:open"}, "FilterUnsupported"),
    ],
)
async def test_a_wrong_spec_is_said(bench: GitHubProjectsBench, spec: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        await bench.open(**spec).check()
    assert wrong.value.reason == reason


async def test_a_project_that_is_closed_or_has_no_status(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    bench.project.closed = True
    with pytest.raises(Misconfigured, match="reopen") as wrong:
        await board.check()
    assert wrong.value.reason == "BoardClosed"
    bench.project.closed = False
    del bench.project.fields[_STATUS]
    for call in (board.check(), board.look()):
        with pytest.raises(Misconfigured, match="no single-select field Status"):
            await call


async def test_what_the_token_lacks_is_said_by_the_check(bench: GitHubProjectsBench) -> None:
    bench.state.tokens["may-read"] = Token("boardhand", {**PROJECT_LEAST, "organization_projects": "read"})
    with pytest.raises(PermissionMissing, match=r"Secret shop-project need, of organisation team: Projects \(write\)"):
        await bench.open(token="may-read").check()


async def test_the_check_is_three_requests(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    await board.check()
    assert [place.rpartition(" ")[2] for place in bench.wire.sent()] == ["Features", "Check", "Move"]


async def test_people_are_the_organisations_members(bench: GitHubProjectsBench, board: GitHubProjects) -> None:
    for number in range(120):
        bench.state.user(f"member{number}")
    people = await board.people()
    assert len(people) == 123
    assert people[str(bench.state.user("ada").id)] == "ada"


def test_it_is_installed() -> None:
    fields = {"type": "github-projects", "board": PROJECT, "secretRef": {"name": "s"}}
    assert isinstance(open_board(pool.Board.model_validate(fields), {"token": "t"}), GitHubProjects)


# A user's project


async def test_the_project_of_a_user(bench: GitHubProjectsBench) -> None:
    theirs = project_desk.add_project(bench.state, "ada", 3, COLUMNS, "User")
    theirs.roles = {"boardhand": "write"}
    board = bench.open(board="users/ada/3")
    await board.check()
    made = desk.add_issue(bench.state, bench.repository, "theirs", "", bench.state.user("ada"))
    item = project_desk.add_item(bench.state, theirs, made, bench.repository)
    project_desk.set_value(bench.state, theirs, item, _STATUS, project_desk.option(theirs, _STATUS, READY))
    assert [card.title for card in (await board.look()).ready] == ["theirs"]
    assert await board.column_of(node_id("I", made.id)) == READY
    assert list((await board.people()).values()) == ["ada"]
    await board.aclose()
    called = bench.open(board="users/ada/3", hook=True)
    with pytest.raises(Misconfigured, match="calls nobody for a user's project") as wrong:
        await called.subscribe()
    assert wrong.value.reason == "WebhookUnsupported"


# As a GitHub App


async def test_an_app_takes_tickets_with_no_more_than_it_needs(bench: GitHubProjectsBench) -> None:
    spec, _ = bench.given(None, True, "", {})
    app, given = await bench.an_app(needs(spec))
    board = GitHubProjects(spec, given, Connection(transport=bench.wire))
    await board.check()
    await board.subscribe()
    assert await bench.hooks() == 1
    ticket = await bench.ticket()
    assert isinstance(await claim(board, ticket, RUN), Won)
    (said,) = await board.comments(ticket)
    assert (said.author, said.by_us) == ("hands[bot]", True)
    await board.move(ticket, DOING)
    assert len(app.minted) == 1
    await board.aclose()
    with pytest.raises(Misconfigured, match="sees no project of a user"):
        GitHubProjects(spec.model_copy(update={"board": "users/ada/3"}), given, Connection(transport=bench.wire))

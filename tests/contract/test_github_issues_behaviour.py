"""GitHubIssues' behaviour on the stand-in; what is sent and answered is held to GitHub's own description of its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards import entered, open_board
from boardhand_operator.boards.claims import Won, claim
from boardhand_operator.boards.github import repository
from boardhand_operator.boards.github.issues import GitHubIssues, needs
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing
from boardhand_operator.http.transport import Connection
from testbed.github import desk
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW, RUN, BoardBehaviour
from tests.contract.github_board import BLIND, CALLBACK, HOOKS, NAME, SITE, GitHubIssuesBench


@pytest.fixture
async def bench() -> AsyncIterator[GitHubIssuesBench]:
    made = GitHubIssuesBench()
    yield made
    made.check_requests()


@pytest.fixture
async def board(bench: GitHubIssuesBench) -> AsyncIterator[GitHubIssues]:
    opened = bench.open()
    yield opened
    await opened.aclose()


@pytest.mark.matrix
class TestGitHubIssues(BoardBehaviour):
    """All of it."""

    vendor = "github"


# Events


async def test_the_event_is_the_label_that_was_put_on_last(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket = await bench.ticket()
    entry = bench.issue(ticket).log[-1]
    (found,) = (await board.look()).ready
    assert (found.event, found.key, found.labels) == (str(entry.id), f"#{ticket}", ())
    assert found.entered_at.timestamp() == entry.at
    assert found.url == f"{SITE}/{NAME}/issues/{ticket}"
    ada, label = bench.state.user("ada"), bench.label(READY)
    desk.put_on(bench.state, bench.issue(ticket), label, ada)
    desk.put_on(bench.state, bench.issue(ticket), bench.label("bot"), ada)
    (same,) = (await board.look()).ready
    assert (same.event, same.labels) == (found.event, ("bot",))
    desk.take_off(bench.state, bench.issue(ticket), label, ada)
    desk.put_on(bench.state, bench.issue(ticket), label, ada)
    (again,) = (await board.look()).ready
    assert again.event == str(bench.issue(ticket).log[-1].id) != found.event


async def test_a_creation_is_an_event_once_no_other_can_come(
    bench: GitHubIssuesBench, board: GitHubIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(board._entered, "_clock", lambda: now)
    ticket = await bench.ticket()
    log = bench.issue(ticket).log
    (late,) = log
    log.clear()
    look = await board.look()
    assert look.ready == []
    assert look.members == {READY: {ticket}}
    now += 1
    log.append(late)
    assert [card.event for card in (await board.look()).ready] == [str(late.id)]
    other = await bench.ticket()
    bench.issue(other).log.clear()
    assert len((await board.look()).ready) == 1
    now += repository._LATE
    assert [card.event for card in (await board.look()).ready] == [
        str(late.id),
        f"created:{bench.issue(other).id}",
    ]


async def test_of_several_columns_the_last_counts(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket = await bench.ticket(column=REVIEW)
    desk.put_on(bench.state, bench.issue(ticket), bench.label(READY), bench.state.user("ada"))
    look = await board.look([REVIEW])
    assert look.members == {READY: {ticket}, REVIEW: frozenset()}
    assert await board.column_of(ticket) == READY
    await board.move(ticket, DOING)
    assert [label.name for label in bench.issue(ticket).labels] == [DOING]


async def test_so_many_timelines_a_poll(
    bench: GitHubIssuesBench, board: GitHubIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entered, "LOOKUPS", 2)
    tickets = [await bench.ticket(f"t{number}") for number in range(5)]
    assert [len((await board.look()).ready) for _ in range(3)] == [2, 4, 5]
    assert [card.id for card in (await board.look()).ready] == tickets


async def test_pull_requests_are_no_tickets(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket, ada = await bench.ticket(), bench.state.user("ada")
    labels = [bench.label(READY)]
    pull = desk.add_issue(bench.state, bench.repository, "a change", "", ada, labels, is_pull=True)
    said = desk.say(bench.state, pull, "/boardhand stop", ada)
    await bench.say(ticket, "hello")
    look = await board.look((), (await board.comments(ticket))[0].created_at)
    assert look.members == {READY: {ticket}}
    assert [one.ticket for one in look.said] == [ticket]
    assert said.at < bench.issue(ticket).said[0].at


# What a poll costs


async def test_a_quiet_poll_is_free(
    bench: GitHubIssuesBench, board: GitHubIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await bench.ticket()
    await bench.say(ticket, "hello")
    (said,) = await board.comments(ticket)
    monkeypatch.setattr(repository, "_LATE", 0.0)
    board._entered._late = 0.0
    monkeypatch.setattr(entered, "SETTLED", 0.0)
    before = await board.look([DOING, REVIEW], said.created_at)
    bench.held.answers.clear()
    assert await board.look([DOING, REVIEW], said.created_at) == before
    assert [status for _, _, status, _ in bench.held.answers] == [304] * 5


async def test_the_check_is_four_requests(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    await board.check()
    assert [place.split()[0] for place in bench.wire.sent()] == ["GET", "GET", "GET", "PATCH"]


# Things that went elsewhere


async def test_a_transferred_issue_is_gone(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket, other = await bench.ticket(), bench.state.add_repository("team/other")
    other.roles = dict(bench.repository.roles)
    desk.transfer(bench.state, bench.issue(ticket), bench.repository, other)
    assert (await board.look()).members == {READY: frozenset()}
    assert await board.read(ticket) is None
    assert await board.column_of(ticket) is None
    with pytest.raises(NotFound, match="transferred"):
        await board.move(ticket, DOING)


async def test_a_renamed_repository_loses_no_ticket(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket = await bench.ticket()
    bench.repository.name = "store"
    assert await board.column_of(ticket) == READY
    with pytest.raises(Misconfigured, match="team/store now") as wrong:
        await board.check()
    assert wrong.value.reason == "BoardMoved"


async def test_a_label_that_went_is_no_reason_to_stop(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket = await bench.ticket(column=DOING)
    await board.look([DOING])
    await bench.rename(DOING, "Doing")
    for call in (board.look([DOING]), board.column_of(ticket), board.read(ticket)):
        with pytest.raises(Misconfigured, match="'Doing'"):
            await call


async def test_a_label_that_a_person_takes_off_during_a_move(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket = await bench.ticket()

    async def person(request: Any) -> None:
        if request.method == "DELETE":
            desk.take_off(bench.state, bench.issue(ticket), bench.label(READY), bench.state.user("ada"))

    bench.wire.before = person
    await board.move(ticket, DOING)
    assert await board.column_of(ticket) == DOING


async def test_a_move_makes_no_label_up(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    ticket = await bench.ticket()
    await board.look()
    await bench.rename(DONE, "Finished")
    with pytest.raises(Misconfigured, match="'Finished'"):
        await board.move(ticket, DONE, READY)
    assert desk.label_named(bench.repository, DONE) is None


# What is configured


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"board": "shop"}, "BoardMalformed"),
        ({"board": "a/b/c"}, "BoardMalformed"),
        ({"board": "team/none"}, "BoardMissing"),
        ({"label": "nobody"}, "ColumnMissing"),
        ({"columns": {"failed": "Broken"}}, "ColumnMissing"),
        ({"filter": "is:open"}, "FilterUnsupported"),
    ],
)
async def test_a_wrong_spec_is_said(bench: GitHubIssuesBench, spec: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        await bench.open(**spec).check()
    assert wrong.value.reason == reason


@pytest.mark.parametrize(("archived", "on", "reason"), [(True, True, "BoardClosed"), (False, False, "IssuesOff")])
async def test_a_repository_without_issues(
    bench: GitHubIssuesBench, board: GitHubIssues, archived: bool, on: bool, reason: str
) -> None:
    bench.repository.archived, bench.repository.has_issues = archived, on
    with pytest.raises(Misconfigured) as wrong:
        await board.check()
    assert wrong.value.reason == reason


async def test_a_token_without_the_permission_is_told_which(bench: GitHubIssuesBench) -> None:
    with pytest.raises(PermissionMissing, match=r"Resource not accessible.*Secret shop-github need.*Issues \(write\)"):
        await bench.open(token=BLIND).check()


def test_a_secret_without_credentials_is_told_what_to_put_there() -> None:
    spec = pool.Board.model_validate({"type": "github", "board": NAME, "secretRef": {"name": "shop-github"}})
    assert isinstance(open_board(spec, {"token": "t"}), GitHubIssues)
    for secret, words in (({}, r"`token`.*`appId` and `privateKey`"), ({"appId": "1"}, "without its `privateKey`")):
        with pytest.raises(Misconfigured, match=f"Secret shop-github.*{words}"):
            open_board(spec, secret)


async def test_people_are_those_who_may_push(bench: GitHubIssuesBench, board: GitHubIssues) -> None:
    bench.repository.roles["carol"] = "triage"
    assert set((await board.people()).values()) == {"ada", "boardhand"}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (None, "https://api.github.com/user"),
        ("https://github.com/", "https://api.github.com/user"),
        ("https://git.example.com", "https://git.example.com/api/v3/user"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com/user"),
    ],
)
async def test_where_the_api_is(bench: GitHubIssuesBench, url: str | None, place: str) -> None:
    board = bench.open(url=url)
    await board.check()
    first = bench.wire.requests[0]
    assert str(first.url) == place
    bench.wire.requests.clear()
    bench.held.answers.clear()
    await board.aclose()


# As a GitHub App


async def test_an_app_takes_tickets_with_no_more_than_it_needs(bench: GitHubIssuesBench) -> None:
    spec, _ = bench.given(None, False, "", {})
    app, credentials = await bench.an_app(needs(spec))
    board = GitHubIssues(spec, credentials, Connection(transport=bench.wire))
    await board.check()
    ticket = await bench.ticket()
    assert isinstance(await claim(board, ticket, RUN), Won)
    (said,) = await board.comments(ticket)
    assert (said.author, said.by_us) == ("hands[bot]", True)
    await board.move(ticket, DOING)
    assert set((await board.people()).values()) == {"ada", "boardhand"}
    assert app.minted == [{"repositories": [NAME], "permissions": {"issues": "write", "metadata": "read"}}]
    await board.aclose()


# Webhooks


async def test_a_webhook_that_was_switched_off_is_switched_on(bench: GitHubIssuesBench) -> None:
    board = bench.open(hook=True)
    await board.subscribe()
    (hook,) = bench.repository.hooks.values()
    assert (hook.url, hook.secret, hook.active) == (CALLBACK, "a-secret-of-ours", True)
    hook.active, hook.events = False, ["push"]
    await board.subscribe()
    assert hook.active
    assert set(hook.events) == {"issue_comment", "issues", "label", "push"}
    assert hook.secret == "a-secret-of-ours"
    await board.aclose()


async def test_a_webhook_needs_its_secret_and_its_permission(bench: GitHubIssuesBench) -> None:
    with pytest.raises(Misconfigured, match="lacks the key 'webhookSecret'"):
        await bench.open(webhook={"callbackUrl": CALLBACK}).subscribe()
    with pytest.raises(PermissionMissing, match=r"for webhooks Webhooks \(write\) too"):
        await bench.open(hook=True, token=BLIND).subscribe()
    bench.repository.roles["boardhand"] = "write"
    with pytest.raises(PermissionMissing, match=r"for webhooks admin"):
        await bench.open(hook=True, token=HOOKS).subscribe()

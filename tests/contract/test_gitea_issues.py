"""GiteaIssues' behaviour on the stand-in; every request it sends is held to Forgejo's swagger file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards import entered as gitea_entered
from boardhand_operator.boards import labels as gitea_labels
from boardhand_operator.boards import open_board
from boardhand_operator.boards.gitea.board import GiteaIssues
from boardhand_operator.errors import Misconfigured, PermissionMissing, RemoteUnavailable
from testbed.gitea import issue_state as desk
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW, BoardBehaviour
from tests.contract.gitea_board import NAME, SITE, GiteaBench

CALLBACK = "https://boardhand.example/webhooks/team/shop"
HOOK = {"callbackUrl": CALLBACK}
BODY = '{"action":"label_updated","text":"grüße 🚀"}'.encode()
SIGNATURE = "bfb7a8ef2598d74e978da7e03fdbccbe2a07a31ab0a39ac6a2260b209a333f70"
"""As openssl makes it of BODY with "a-secret-of-ours"."""


@pytest.fixture
async def bench() -> AsyncIterator[GiteaBench]:
    made = GiteaBench()
    yield made
    made.check_requests()


@pytest.fixture
async def board(bench: GiteaBench) -> AsyncIterator[GiteaIssues]:
    opened = bench.open()
    yield opened
    await opened.aclose()


class TestGiteaIssues(BoardBehaviour):
    """All of it."""

    vendor = "gitea"


# Events


async def test_the_event_is_the_label_that_was_put_on_last(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket(column="")
    assert (await board.look()).ready == []
    await bench.add(ticket, READY)
    (entry,) = bench.issue(ticket).log
    (found,) = (await board.look()).ready
    assert (found.event, found.key, found.labels) == (str(entry.id), f"#{ticket}", ())
    assert found.entered_at.timestamp() == entry.at
    assert found.url == f"{SITE}/{NAME}/issues/{ticket}"


async def test_a_label_put_on_twice_is_one_event(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    (before,) = (await board.look()).ready
    await bench.add(ticket, READY)
    await bench.add(ticket, "bot")
    (after,) = (await board.look()).ready
    assert (after.event, after.labels) == (before.event, ("bot",))


async def test_a_label_taken_off_and_put_on_again_is_a_new_event(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    (before,) = (await board.look()).ready
    desk.take_off(bench.state, bench.issue(ticket), bench.label(READY), "ada")
    await bench.add(ticket, READY)
    (after,) = (await board.look()).ready
    assert after.event == str(bench.issue(ticket).log[-1].id) != before.event


async def test_the_event_of_an_issue_without_a_timeline_is_its_creation(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    bench.issue(ticket).log.clear()
    (found,) = (await board.look()).ready
    assert found.event == f"created:{bench.issue(ticket).id}"
    assert found.entered_at.timestamp() == bench.issue(ticket).at
    read = await board.read(ticket)
    assert read and read.event == found.event


async def test_an_event_within_the_same_second_is_not_missed(
    bench: GiteaBench, board: GiteaIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(board._entered, "_clock", lambda: now)
    bench.state.now = lambda: 1767225600.0
    ticket = await bench.ticket()
    (before,) = (await board.look()).ready
    desk.take_off(bench.state, bench.issue(ticket), bench.label(READY), "ada")
    await bench.add(ticket, READY)
    now = 1.0
    (after,) = (await board.look()).ready
    assert after.event != before.event
    now = 2.5
    assert (await board.look()).ready == [after]
    bench.wire.requests.clear()
    assert (await board.look()).ready == [after]
    assert len(bench.wire.requests) == 1


async def test_so_many_timelines_a_poll(bench: GiteaBench, board: GiteaIssues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitea_entered, "LOOKUPS", 2)
    tickets = [await bench.ticket(f"t{number}") for number in range(5)]
    seen = [len((await board.look()).ready) for _ in range(3)]
    assert seen == [2, 4, 5]
    look = await board.look()
    assert [card.id for card in look.ready] == tickets
    assert look.members[READY] == set(tickets)


# What a poll costs


async def test_a_quiet_poll_is_a_request_a_column_whatever_the_repositorys_size(
    bench: GiteaBench, board: GiteaIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitea_entered, "SETTLED", 0.0)

    async def cost() -> tuple[list[str], int]:
        await board.look([DOING])
        bench.wire.requests.clear()
        bench.wire.received = 0
        await board.look([DOING])
        return bench.wire.sent(), bench.wire.received

    for number in range(20):
        await bench.ticket(f"ready {number}")
    small = await cost()
    assert small[0] == [f"GET /api/v1/repos/{NAME}/issues"] * 2
    for number in range(300):
        await bench.archive(await bench.ticket(f"closed {number}"))
        await bench.ticket(f"done {number}", DONE)
    assert await cost() == small


async def test_pull_requests_are_no_tickets(bench: GiteaBench, board: GiteaIssues) -> None:
    bench.state.push(bench.repository, "fix", "c" * 40)
    pull = bench.state.open_pull(bench.repository, "fix", "main", "Fix", "", "ada")
    ticket = await bench.ticket()
    bench.state.add_comment(pull, "on the pull request", "ada")
    await bench.say(ticket, "on the issue")
    (said,) = await board.comments(ticket)
    look = await board.look((), said.created_at.replace(year=2025))
    assert [card.id for card in look.ready] == [ticket] != [str(pull.number)]
    assert [(one.ticket, one.comment.text) for one in look.said] == [(ticket, "on the issue")]


async def test_an_edited_comment_is_not_said_again(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    id_ = await board.comment(ticket, "old")
    await bench.say(ticket, "new")
    await board.edit_comment(ticket, id_, "edited")
    _, new = await board.comments(ticket)
    assert [one.comment for one in (await board.look((), new.created_at)).said] == [new]


async def test_a_server_with_shorter_pages(bench: GiteaBench, board: GiteaIssues) -> None:
    bench.state.page_max = 3
    made = [await bench.ticket(f"t{number}", DOING) for number in range(7)]
    assert (await board.look([DOING])).members[DOING] == set(made)
    ticket = await bench.ticket()
    for number in range(9):
        await bench.say(ticket, f"comment {number}")
    read = await board.read(ticket)
    assert read and len(read.comments) == 9


async def test_comments_brought_from_elsewhere_are_not_ours(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    await bench.say(ticket, "from another server", by_us=True)
    bench.issue(ticket).log[-1].original_author = "grace"
    (said,) = await board.comments(ticket)
    assert (said.author, said.author_id, said.by_us) == ("grace", "", False)


# Columns


async def test_of_two_column_labels_the_one_put_on_last_counts(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    await bench.add(ticket, DOING)
    look = await board.look([DOING])
    assert look.ready == []
    assert look.members == {READY: set(), DOING: {ticket}}
    assert await board.column_of(ticket) == DOING
    back = await bench.ticket("back", DOING)
    await bench.add(back, READY)
    assert [card.id for card in (await board.look([DOING])).ready] == [back]
    assert await board.column_of(back) == READY


async def test_a_move_leaves_one_column_label_and_the_others_alone(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket(label="bot")
    await bench.add(ticket, REVIEW)
    await board.move(ticket, DOING)
    assert sorted(label.name for label in bench.issue(ticket).labels) == [DOING, "bot"]
    assert [place.split()[0] for place in bench.wire.sent()[-4:]] == ["GET", "POST", "DELETE", "DELETE"]


async def test_a_move_that_broke_off_between_its_writes_is_finished(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket()
    await bench.fault(match="DELETE", status=500, times=1)
    with pytest.raises(RemoteUnavailable):
        await board.move(ticket, DOING, READY)
    look = await board.look([DOING])
    assert look.ready == []
    assert look.members[DOING] == {ticket}
    await board.move(ticket, DOING)
    assert [label.name for label in bench.issue(ticket).labels] == [DOING]
    puts = [entry for entry in bench.issue(ticket).log if entry.label and entry.label.name == DOING]
    assert len(puts) == 1


async def test_an_open_issue_without_a_columns_label_is_in_none(bench: GiteaBench, board: GiteaIssues) -> None:
    ticket = await bench.ticket(column="bot")
    assert await board.column_of(ticket) is None
    assert await board.read(ticket) is None
    await board.move(ticket, DOING)
    assert await board.column_of(ticket) == DOING


async def test_a_deleted_ready_label_is_noticed_at_once(bench: GiteaBench, board: GiteaIssues) -> None:
    await bench.ticket()
    await bench.ticket("other", DONE)
    await board.look()
    desk.delete_label(bench.repository, bench.label(READY))
    with pytest.raises(Misconfigured, match=READY):
        await board.look()


async def test_a_label_made_anew_is_found(
    bench: GiteaBench, board: GiteaIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await bench.ticket()
    await board.look([DOING])
    desk.delete_label(bench.repository, bench.label(DOING))
    with pytest.raises(Misconfigured, match="no label 'In Progress'"):
        await board.move(ticket, DOING)
    assert await board.column_of(ticket) == READY
    desk.add_label(bench.state, bench.repository, DOING)
    await board.move(ticket, DOING)
    monkeypatch.setattr(gitea_labels, "SECONDS", 0.0)
    assert (await board.look([DOING])).members[DOING] == {ticket}


# What is configured


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"url": None}, "UrlMissing"),
        ({"board": "shop"}, "BoardMalformed"),
        ({"board": "a/b/c"}, "BoardMalformed"),
        ({"board": "team/none"}, "BoardMissing"),
        ({"label": "nobody"}, "ColumnMissing"),
        ({"columns": {"failed": "Broken"}}, "ColumnMissing"),
    ],
)
async def test_a_wrong_spec_is_said(bench: GiteaBench, spec: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        await bench.open(**spec).check()
    assert wrong.value.reason == reason


async def test_the_check_makes_no_label(bench: GiteaBench, board: GiteaIssues) -> None:
    there = dict(bench.repository.tracker.labels)
    await board.check()
    assert bench.repository.tracker.labels == there
    assert len(bench.wire.requests) == 5


async def test_a_comma_in_a_columns_name(bench: GiteaBench) -> None:
    desk.add_label(bench.state, bench.repository, "To do, now")
    with pytest.raises(Misconfigured, match="no comma"):
        await bench.open(columns={"ready": "To do, now"}).check()


async def test_it_is_installed_and_needs_a_token() -> None:
    spec = pool.Board.model_validate({"type": "gitea", "board": NAME, "url": SITE, "secretRef": {"name": "shop-gitea"}})
    opened = open_board(spec, {"token": "t"})
    assert isinstance(opened, GiteaIssues)
    await opened.aclose()
    with pytest.raises(Misconfigured, match=r"shop-gitea.*`token`"):
        open_board(spec, {})


async def test_the_address_with_the_apis_path(bench: GiteaBench) -> None:
    await bench.open(url=f"{SITE}/api/v1").check()


@pytest.mark.parametrize(("archived", "on", "reason"), [(True, True, "BoardClosed"), (False, False, "IssuesOff")])
async def test_a_repository_without_issues(
    bench: GiteaBench, board: GiteaIssues, archived: bool, on: bool, reason: str
) -> None:
    bench.repository.archived, bench.repository.tracker.on = archived, on
    with pytest.raises(Misconfigured) as wrong:
        await board.check()
    assert wrong.value.reason == reason


async def test_a_token_without_the_scope_is_told_which(bench: GiteaBench) -> None:
    with pytest.raises(
        PermissionMissing, match=r"required=\[write:issue\].*write:issue.*Secret shop-gitea|write:issue"
    ):
        await bench.open(token="a-token-without-issue").check()


async def test_an_account_that_may_only_read_fails_the_check(bench: GiteaBench) -> None:
    with pytest.raises(PermissionMissing, match="the right to write issues of team/shop"):
        await bench.open(token=bench.reader_token()).check()


async def test_people_are_those_who_may_write(bench: GiteaBench, board: GiteaIssues) -> None:
    await bench.say(await bench.ticket(), "hello")
    (said,) = await board.comments("1")
    people = await board.people()
    assert set(people.values()) == {"ada", "boardhand", "team"}
    assert people[said.author_id] == "ada"


# Webhooks


async def test_subscribing_twice_is_once(bench: GiteaBench) -> None:
    board = bench.open(token="a-token-for-hooks", webhook=HOOK, secret="a-secret-of-ours")
    bench.repository.tracker.writers = None
    bench.wire.lose.append("POST .*/hooks$")
    with pytest.raises(RemoteUnavailable):
        await board.subscribe()
    await board.subscribe()
    (hook,) = bench.repository.tracker.hooks.values()
    assert (hook.url, hook.secret, hook.active) == (CALLBACK, "a-secret-of-ours", True)
    hook.active = False
    await board.subscribe()
    assert hook.active
    assert {"issues", "issue_label", "issue_comment"} <= set(hook.events)
    assert [place.split()[0] for place in bench.wire.sent()] == ["GET", "GET", "POST", "GET", "GET", "PATCH"]


async def test_a_webhook_needs_its_secret_and_its_scope(bench: GiteaBench) -> None:
    with pytest.raises(Misconfigured, match="lacks the key 'webhookSecret'"):
        await bench.open(webhook=HOOK).subscribe()
    with pytest.raises(PermissionMissing, match="for webhooks write:repository too"):
        await bench.open(webhook=HOOK, secret="s").subscribe()


async def test_a_call_is_giteas_own_by_its_signature(bench: GiteaBench) -> None:
    board = bench.open(webhook=HOOK, secret="a-secret-of-ours")
    assert board.signed({"x-gitea-signature": SIGNATURE}, BODY)
    assert not board.signed({"x-gitea-signature": "sha256=" + SIGNATURE}, BODY)
    for other in (bench.open(webhook=HOOK, secret="another"), bench.open(webhook=HOOK), bench.open(secret="x")):
        assert not other.signed({"x-gitea-signature": SIGNATURE}, BODY)

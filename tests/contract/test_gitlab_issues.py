"""What GitLabIssues does beyond the cases of every board: events, secrets, rights and webhooks as GitLab has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards import labels as board_labels
from boardhand_operator.boards import open_board
from boardhand_operator.boards.gitlab.board import GitLabIssues
from boardhand_operator.boards.gitlab.log import moment
from boardhand_operator.errors import Misconfigured, PermissionMissing
from testbed.gitlab.models import Token
from tests.contract.board_behaviour import DOING, READY, REVIEW
from tests.contract.gitlab_board import CALLBACK, NAME, SIGNING, SITE, GitLabBench

PLAIN = "a-plain-secret-of-ours"


@pytest.fixture
async def bench() -> AsyncIterator[GitLabBench]:
    made = GitLabBench()
    yield made
    made.check_requests()


@pytest.fixture
async def board(bench: GitLabBench) -> AsyncIterator[GitLabIssues]:
    opened = bench.open()
    yield opened
    await opened.aclose()


# Events


async def test_the_event_is_that_of_the_label_put_on_last(bench: GitLabBench, board: GitLabIssues) -> None:
    ticket = await bench.ticket(column="")
    assert (await board.look()).ready == []
    await bench.add(ticket, READY)
    await bench.add(ticket, READY)
    (event,) = bench.issue(ticket).label_events
    (found,) = (await board.look()).ready
    assert (found.event, found.key, found.labels) == (f"label:{event.id}", f"#{ticket}", ())
    assert found.entered_at.timestamp() == event.at
    assert found.url == f"{SITE}/{NAME}/-/issues/{ticket}"


async def test_of_scoped_labels_gitlab_itself_takes_the_other_off(bench: GitLabBench) -> None:
    for name in ("status::todo", "status::doing", "status::review"):
        bench.state.add_label(bench.project, name)
    columns = {"ready": "status::todo", "inProgress": "status::doing", "review": "status::review"}
    board = bench.open(columns=columns)
    await board.check()
    ticket = await bench.ticket(column="status::todo")
    await board.move(ticket, "status::doing", "status::todo")
    assert [label.name for label in bench.issue(ticket).labels] == ["status::doing"]
    assert (await board.look(["status::doing"])).members == {"status::todo": set(), "status::doing": {ticket}}


async def test_a_label_whose_event_is_not_there_yet_waits(
    bench: GitLabBench, board: GitLabIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(board._entered, "_clock", lambda: now)
    ticket = await bench.ticket()
    events = bench.issue(ticket).label_events
    late = events.pop()
    look = await board.look()
    assert look.ready == []
    assert look.members[READY] == {ticket}
    events.append(late)
    (found,) = (await board.look()).ready
    assert found.event == f"label:{late.id}"


async def test_an_issue_that_came_with_its_label_is_taken_by_its_creation(
    bench: GitLabBench, board: GitLabIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(board._entered, "_clock", lambda: now)
    ticket = await bench.ticket()
    bench.issue(ticket).label_events.clear()
    assert (await board.look()).ready == []
    now = 2.5
    (found,) = (await board.look()).ready
    assert found.event == f"created:{bench.issue(ticket).id}"
    read = await board.read(ticket)
    assert read and read.event == found.event


async def test_the_event_of_a_deleted_label_names_none(bench: GitLabBench, board: GitLabIssues) -> None:
    ticket = await bench.ticket(label="bot")
    (before,) = (await board.look()).ready
    bench.state.delete_label(bench.project, bench.label("bot"))
    (after,) = (await board.look()).ready
    assert (after.event, after.labels) == (before.event, ())
    assert await board.column_of(ticket) == READY


async def test_a_quiet_poll_is_a_request_a_column(
    bench: GitLabBench, board: GitLabIssues, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(board._entered, "_clock", lambda: now)
    for number in range(3):
        await bench.ticket(f"t{number}")
    await board.look([DOING], moment("2026-01-01T00:00:00Z"))
    now = 3.0
    await board.look([DOING], moment("2026-01-01T00:00:00Z"))
    bench.wire.requests.clear()
    bench.wire.received = 0
    assert len((await board.look([DOING], moment("2026-01-01T00:00:00Z"))).ready) == 3
    assert bench.wire.received == 0
    assert [place.rpartition("/")[2] for place in bench.wire.sent()] == ["issues", "issues", "events"]


# What is said, and who may see it


async def test_what_only_the_team_or_gitlab_says_is_left_out(bench: GitLabBench, board: GitLabIssues) -> None:
    ticket = await bench.ticket()
    issue, since = bench.issue(ticket), moment("2026-01-01T00:00:00Z")
    bench.state.say(issue, "the customer is Initech", "ada", internal=True)
    bench.state.say(issue, "changed the description", "ada", system=True)
    await bench.say(ticket, "hello")
    merge_request = bench.state.add_merge_request(bench.project, "fix", "main", "Fix", "b", "ada")
    bench.state.say(merge_request, "on a merge request", "ada")
    assert [said.text for said in await board.comments(ticket)] == ["hello"]
    assert [one.comment.text for one in (await board.look((), since)).said] == ["hello"]
    read = await board.read(ticket)
    assert read and [said.text for said in read.comments] == ["hello"]


@pytest.mark.parametrize(("visibility", "taken"), [("private", True), ("internal", False), ("public", False)])
async def test_a_confidential_issue_is_a_ticket_where_nobody_else_sees_merge_requests(
    bench: GitLabBench, visibility: str, taken: bool
) -> None:
    bench.project.visibility = visibility
    board = bench.open()
    ticket = await bench.ticket()
    bench.issue(ticket).confidential = True
    look = await board.look()
    assert [card.id for card in look.ready] == ([ticket] if taken else [])
    assert look.members[READY] == ({ticket} if taken else set())
    assert await board.column_of(ticket) == (READY if taken else None)
    assert (await board.read(ticket) is not None) is taken


async def test_no_text_of_ours_is_a_quick_action(bench: GitLabBench, board: GitLabIssues) -> None:
    ticket = await bench.ticket()
    text = "Done.\n/close\n/label ~bug\r/merge\r\n/unlabel\nsee /usr/bin and\n/usr/bin/env  "
    id_ = await board.comment(ticket, text)
    await board.edit_comment(ticket, id_, "/close")
    assert bench.state.orders == []
    assert bench.issue(ticket).state == "opened"
    assert await bench.said(ticket) == ["\\/close"]
    (said,) = await board.comments(ticket)
    assert said.text == "\\/close"


async def test_people_are_developers_and_more_however_they_came(bench: GitLabBench, board: GitLabIssues) -> None:
    bench.project.invited["grace"] = 30
    bench.project.members["olaf"] = 50
    assert set((await board.people()).values()) == {"ada", "keeper", "grace", "olaf"}


async def test_files_are_told_from_the_description(bench: GitLabBench, board: GitLabIssues) -> None:
    old, new = f"/uploads/{'0a' * 16}/a.png", f"/-/project/7/uploads/{'0b' * 16}/b.txt"
    body = f"![shot]({old}) and [notes]({new}), not [this](/uploads/short/c.txt) nor [that](https://x.example/d)"
    read = await board.read(await bench.ticket(body=body))
    assert read
    assert [(found.name, found.url) for found in read.attachments] == [
        ("shot", f"{SITE}/{NAME}{old}"),
        ("notes", f"{SITE}{new}"),
    ]


# Moves


async def test_a_move_is_one_request(bench: GitLabBench, board: GitLabIssues) -> None:
    ticket = await bench.ticket(label="bot")
    await board.move(ticket, DOING, READY)
    bench.wire.requests.clear()
    await board.move(ticket, REVIEW, DOING)
    assert [place.split()[0] for place in bench.wire.sent()] == ["PUT"]
    assert {label.name for label in bench.issue(ticket).labels} == {REVIEW, "bot"}


async def test_labels_that_gitlab_leaves_as_they_are_are_a_missing_role(bench: GitLabBench) -> None:
    board = bench.open(token=bench.reader_token())
    ticket = await bench.ticket()
    bench.issue(ticket).by = "reader"
    with pytest.raises(PermissionMissing, match=r"left the labels as they were.*Planner or Reporter"):
        await board.move(ticket, DOING)


async def test_a_move_makes_no_label(bench: GitLabBench, board: GitLabIssues, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await bench.ticket()
    await board.check()
    monkeypatch.setattr(board_labels, "SECONDS", 0.0)
    await board.check()
    await bench.rename(DOING, "Doing")
    with pytest.raises(Misconfigured, match="'Doing'"):
        await board.move(ticket, DOING)
    assert bench.project.label(DOING) is None


# What is configured


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"board": "shop"}, "BoardMalformed"),
        ({"board": "team//shop"}, "BoardMalformed"),
        ({"board": "team/none"}, "BoardMissing"),
        ({"label": "nobody"}, "ColumnMissing"),
        ({"columns": {"failed": "Broken"}}, "ColumnMissing"),
        ({"columns": {"failed": "None"}}, "ColumnMalformed"),
        ({"filter": "anything"}, "FilterUnsupported"),
    ],
)
async def test_a_wrong_spec_is_said(bench: GitLabBench, spec: dict[str, Any], reason: str) -> None:
    bench.state.add_label(bench.project, "None")
    with pytest.raises(Misconfigured) as wrong:
        await bench.open(**spec).check()
    assert wrong.value.reason == reason


@pytest.mark.parametrize(("archived", "on", "reason"), [(True, True, "BoardClosed"), (False, False, "IssuesOff")])
async def test_a_project_without_issues(
    bench: GitLabBench, board: GitLabIssues, archived: bool, on: bool, reason: str
) -> None:
    bench.project.archived, bench.project.issues_on = archived, on
    with pytest.raises(Misconfigured) as wrong:
        await board.check()
    assert wrong.value.reason == reason


async def test_what_token_and_account_lack_is_said(bench: GitLabBench) -> None:
    with pytest.raises(PermissionMissing, match=r"scopes are read_api, and api is needed.*Secret shop-gitlab"):
        await bench.open(token="a-token-that-reads").check()
    with pytest.raises(PermissionMissing, match=r"has Guest there, and needs Planner.*Secret shop-gitlab"):
        await bench.open(token=bench.reader_token()).check()
    with pytest.raises(PermissionMissing, match="has Planner there, and needs Maintainer"):
        await bench.open(token="a-token-of-the-bot", hook=True).check()
    await bench.open(hook=True).check()


async def test_a_role_by_an_invited_group_counts(bench: GitLabBench) -> None:
    bench.state.tokens["a-token-of-grace"] = Token("grace")
    bench.project.visibility = "public"
    with pytest.raises(PermissionMissing, match="has no role there"):
        await bench.open(token="a-token-of-grace").check()
    bench.project.invited["grace"] = 20
    await bench.open(token="a-token-of-grace").check()


async def test_the_address_with_the_apis_path_and_none_at_all(bench: GitLabBench) -> None:
    await bench.open(url=f"{SITE}/api/v4/").check()
    assert GitLabIssues.credential_keys == ("token",)
    opened = bench.open(url=None)
    with pytest.raises(AssertionError, match=r"gitlab\.com"):
        await _first_request(opened, bench)


async def test_pages_are_read_whatever_host_gitlab_thinks_it_has(bench: GitLabBench, board: GitLabIssues) -> None:
    bench.state.linked = "https://elsewhere.example:8443"
    made = [await bench.ticket(f"t{number}", DOING) for number in range(230)]
    assert (await board.look([DOING])).members[DOING] == set(made)


async def test_comments_that_gitlab_sieves_out_of_a_page_do_not_end_the_list(
    bench: GitLabBench, board: GitLabIssues
) -> None:
    ticket = await bench.ticket()
    for number in range(150):
        bench.state.say(bench.issue(ticket), f"secret {number}", "ada", internal=number < 130)
    assert [said.text for said in await board.comments(ticket)] == [f"secret {n}" for n in range(130, 150)]


async def _first_request(opened: GitLabIssues, bench: GitLabBench) -> None:
    async def seen(request: Any) -> None:
        raise AssertionError(str(request.url))

    bench.wire.before = seen
    try:
        await opened.people()
    finally:
        bench.wire.before = None
        bench.wire.requests.clear()


async def test_it_is_installed_and_needs_a_token() -> None:
    spec = pool.Board.model_validate({"type": "gitlab", "board": NAME, "secretRef": {"name": "shop-gitlab"}})
    opened = open_board(spec, {"token": "t"})
    assert isinstance(opened, GitLabIssues)
    await opened.aclose()
    with pytest.raises(Misconfigured, match=r"shop-gitlab.*`token`"):
        open_board(spec, {})


# Webhooks


async def test_a_plain_secret_is_sent_along_and_compared(bench: GitLabBench) -> None:
    board = bench.open(hook=True, proof=PLAIN)
    await board.subscribe()
    (hook,) = bench.project.hooks.values()
    assert (hook.url, hook.token, hook.signing_token) == (CALLBACK, PLAIN, "")
    assert board.signed({"X-Gitlab-Token": PLAIN}, b"{}")
    for headers in (
        {"X-Gitlab-Token": PLAIN[:-1]},
        {"X-Gitlab-Token": ""},
        {"X-Gitlab-Token": "grüße \udcff"},
        {},
        bench.call()[0],
    ):
        assert not board.signed(headers, b"{}")
    assert not bench.open(hook=True).signed({"X-Gitlab-Token": SIGNING}, b"{}")


async def test_a_webhook_is_brought_up_to_date(bench: GitLabBench) -> None:
    board = bench.open(hook=True)
    hook = bench.state.add_hook(bench.project, CALLBACK, {"issues_events": True}, "", SIGNING)
    await board.subscribe()
    assert bench.project.hooks == {hook.id: hook}
    assert {event for event, on in hook.events.items() if on} == {
        "issues_events",
        "confidential_issues_events",
        "note_events",
    }


async def test_a_webhook_that_gitlab_gave_up_is_made_anew(bench: GitLabBench) -> None:
    board = bench.open(hook=True)
    await board.subscribe()
    (dead,) = bench.project.hooks.values()
    dead.alert_status = "disabled"
    await board.subscribe()
    (made,) = bench.project.hooks.values()
    assert made.id != dead.id
    assert made.alert_status == "executable"


async def test_a_gitlab_that_signs_no_calls_is_said_and_keeps_no_webhook(bench: GitLabBench) -> None:
    bench.state.signs = False
    with pytest.raises(Misconfigured, match="does not sign its calls") as wrong:
        await bench.open(hook=True).subscribe()
    assert wrong.value.reason == "WebhookUnsigned"
    assert bench.project.hooks == {}


@pytest.mark.parametrize(
    ("secret", "reason"), [("", "SecretKeyMissing"), ("whsec_short", "SecretMalformed"), ("whsec_?", "SecretMalformed")]
)
async def test_a_webhook_needs_a_secret_that_proves(bench: GitLabBench, secret: str, reason: str) -> None:
    board = bench.open(hook=True, proof=secret)
    with pytest.raises(Misconfigured) as wrong:
        await board.subscribe()
    assert wrong.value.reason == reason
    assert not board.signed({"X-Gitlab-Token": secret}, b"{}")
    assert bench.wire.requests == []

"""GiteaIssues fed with every refusal that Forgejo's swagger file documents for what it sends, and with odd answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards.gitea.board import GiteaIssues
from boardhand_operator.errors import BoardhandError, Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.errors import RemoteUnavailable as Unavailable
from boardhand_operator.http.transport import Connection
from boardhand_operator.vendors.gitea.comments import moment
from tests.contract.forge_requests import FILE, check_forge_requests
from tests.contract.request_check import operation
from tests.contract.samples import documented_answers
from tests.contract.scripted_server import ScriptedServer

HOOK = {"callbackUrl": "https://boardhand.example/webhooks/team/app"}
LABELS = [{"id": number, "name": name} for number, name in enumerate(("Sprint Backlog", "In Progress", "In Review"), 1)]
MAPPED: dict[int, type[BoardhandError]] = {
    403: PermissionMissing,
    404: NotFound,
    412: Rejected,
    422: Rejected,
    423: Rejected,
    500: Unavailable,
}


def answers_to(method: str, path: str) -> dict[str, Any]:
    return documented_answers(FILE, operation(FILE, method, path)[1])


def issue(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = answers_to("GET", "/repos/team/app/issues/7")["200"]
    return found | {"state": "open", "number": 7, "labels": LABELS[:1]} | changes


class Scripted(ScriptedServer):
    """A Gitea."""

    below = "/api/v1/repos/team/app"

    def rest(self) -> None:
        """What the other requests are answered with."""
        self.on("GET /api/v1/settings/api", 200, {"max_response_items": 50})
        self.on("GET /api/v1/user", 200, {"id": 1})
        self.on("GET ", 200, {"has_issues": True})
        self.on("GET /labels", 200, LABELS)
        self.on("GET /issues/7", 200, issue())
        self.on("GET /issues/7/timeline", 200, None)
        self.on("GET /issues/7/comments", 200, [])
        self.on("GET /issues", 200, [])
        self.on("GET /hooks", 200, [])
        self.on("POST /issues/7/labels", 200, LABELS)

    def open(self) -> GiteaIssues:
        spec = {"type": "gitea", "board": "team/app", "url": "http://git.test", "secretRef": {"name": "s"}}
        wanted = pool.Board.model_validate(spec | {"webhook": HOOK})
        return GiteaIssues(wanted, {"token": "t", "webhookSecret": "s"}, Connection(transport=self.wire))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    return Scripted()


SINCE = moment("2026-01-02T03:04:05Z")
Call = Callable[[GiteaIssues], Any]
CALLS: dict[str, tuple[str, str, Call]] = {
    "user": ("GET", "/user", lambda b: b.check()),
    "labels": ("GET", "/labels", lambda b: b.check()),
    "issues": ("GET", "/issues", lambda b: b.look()),
    "said": ("GET", "/issues/comments", lambda b: b.look((), SINCE)),
    "timeline": ("GET", "/issues/7/timeline", lambda b: b.read("7")),
    "comments": ("GET", "/issues/7/comments", lambda b: b.comments("7")),
    "comment": ("POST", "/issues/7/comments", lambda b: b.comment("7", "words")),
    "edit": ("PATCH", "/issues/comments/9", lambda b: b.edit_comment("7", "9", "words")),
    "put on": ("POST", "/issues/7/labels", lambda b: b.move("7", "In Progress")),
    "take off": ("DELETE", "/issues/7/labels/1", lambda b: b.move("7", "In Progress")),
    "people": ("GET", "/assignees", lambda b: b.people()),
    "hooks": ("GET", "/hooks", lambda b: b.subscribe()),
    "hook": ("POST", "/hooks", lambda b: b.subscribe()),
}
CASES = [
    (name, int(status), body)
    for name, (method, path, _) in CALLS.items()
    for status, body in answers_to(method, path if path == "/user" else f"/repos/team/app{path}").items()
    if int(status) >= 400 and (name, status) != ("user", "401")
]


@pytest.mark.parametrize(("name", "status", "body"), CASES, ids=[f"{name}-{status}" for name, status, _ in CASES])
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str, status: int, body: Any) -> None:
    method, path, call = CALLS[name]
    scripted.on(f"{method} {'/api/v1' if path == '/user' else ''}{path}", status, body)
    scripted.rest()
    with pytest.raises(MAPPED[status]):
        await call(scripted.open())
    check_forge_requests(scripted.wire.requests)


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    said = answers_to("GET", "/repos/team/app/issues/7/comments")["200"]
    happened = answers_to("GET", "/repos/team/app/issues/7/timeline")["200"]
    scripted.on("GET /issues/7/timeline", 200, [entry | {"type": "comment"} for entry in happened])
    scripted.on("GET /issues/7/comments", 200, said)
    scripted.on("GET /assignees", 200, answers_to("GET", "/repos/team/app/assignees")["200"])
    scripted.rest()
    board = scripted.open()
    read = await board.read("7")
    assert read is not None
    assert (read.id, read.column, read.event, len(read.comments)) == (
        "7",
        "Sprint Backlog",
        f"created:{issue()['id']}",
        1,
    )
    assert len(await board.comments("7")) == len(said) == 1
    assert list(await board.people()) == ["7"]


async def test_a_server_that_ignores_pages_is_read_once(scripted: Scripted) -> None:
    scripted.on("GET /issues", 200, [issue(id=number, number=number) for number in range(50)])
    scripted.on("GET /issues/[0-9]+/timeline", 200, None)
    scripted.rest()
    look = await scripted.open().look()
    assert len(look.members["Sprint Backlog"]) == 50
    assert sum(place.endswith("/issues") for place in scripted.wire.sent()) == 2


async def test_an_address_that_gitea_does_not_take_is_said(scripted: Scripted) -> None:
    scripted.on("POST /hooks", 422, {"message": "Invalid url"})
    scripted.rest()
    with pytest.raises(Misconfigured, match=r"Invalid url.*callbackUrl") as wrong:
        await scripted.open().subscribe()
    assert wrong.value.reason == "WebhookRefused"


async def test_an_author_who_left(scripted: Scripted) -> None:
    said = {"id": 3, "body": "bye", "user": None, "created_at": "2026-01-02T03:04:05+01:00"}
    scripted.on("GET /issues/7/comments", 200, [said])
    scripted.rest()
    (found,) = await scripted.open().comments("7")
    assert (found.author, found.author_id, found.by_us) == ("somebody who left", "", False)
    assert found.created_at.utcoffset() is not None


async def test_an_external_tracker_is_none_of_ours(scripted: Scripted) -> None:
    scripted.on("GET ", 200, {"has_issues": True, "external_tracker": {"external_tracker_url": "https://x.example"}})
    scripted.rest()
    with pytest.raises(Misconfigured, match="no issues of its own"):
        await scripted.open().check()

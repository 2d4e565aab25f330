"""GitLab's board and forge fed with every answer that is recorded of its documentation, refusals too.

The stand-in's table of endpoints is held to the same record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from boardhand_api import pool
from boardhand_operator.boards.gitlab.board import GitLabIssues
from boardhand_operator.boards.gitlab.log import moment
from boardhand_operator.errors import (
    BoardhandError,
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    RemoteUnavailable,
)
from boardhand_operator.forges import Proposal
from boardhand_operator.forges.gitlab.forge import GitLabForge
from boardhand_operator.http.transport import Connection
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.gitlab.routes import ENDPOINTS, GRAPHQL, Endpoint
from tests.contract.gitlab_documented import check_requests, operation, operations, sample
from tests.contract.scripted_server import ScriptedServer

SITE, NAME = "http://gitlab.test", "team/web/app"
HOOK = {"callbackUrl": "https://boardhand.example/webhooks/team/app"}
SINCE = moment("2026-01-01T03:04:05Z")
REFUSALS: dict[str, type[BoardhandError]] = {
    "400": Rejected,
    "401": CredentialsRefused,
    "403": PermissionMissing,
    "404": NotFound,
    "405": Rejected,
    "409": Rejected,
    "412": Rejected,
    "422": Rejected,
    "429": RateLimited,
    "500": RemoteUnavailable,
    "503": RemoteUnavailable,
}
ROOT = "/api/v4/projects/team/web/app"


def recorded(does: str, status: str = "200") -> Any:
    """The recorded answer of the operation that this documented line names."""
    (found,) = (one for one in operations() if f"{one.method} {one.path}" == does)
    return sample(found, status)


def errors(kind: str = "any") -> dict[str, Any]:
    (found,) = (one for one in operations() if one.path == kind)
    return {status: sample(found, status) for status in found.answers}


_PROJECT = "GET /v4/projects/:id"
_ISSUE = "/v4/projects/:id/issues/:issue_iid"
_MERGES = "/v4/projects/:id/merge_requests"
_MERGE = f"{_MERGES}/:merge_request_iid"


def merge_request(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = recorded(f"GET {_MERGE}")
    return found | {"source_branch": "fix", "target_branch": "main"} | changes


class Scripted(ScriptedServer):
    """A GitLab."""

    below = ROOT

    def rest(self) -> None:
        """What the other requests are answered with."""
        project = recorded(_PROJECT)
        self.on("GET /api/v4/user", 200, recorded("GET /v4/user"))
        self.on("GET /api/v4/personal_access_tokens/self", 200, recorded("GET /v4/personal_access_tokens/self"))
        self.on("GET ", 200, project)
        self.on("GET /labels", 200, recorded(f"{_PROJECT}/labels"))
        self.on("GET /members/all", 200, recorded(f"{_PROJECT}/members/all"))
        self.on("GET /events", 200, recorded(f"{_PROJECT}/events"))
        self.on("GET /hooks", 200, [])
        self.on("POST /hooks", 201, recorded("POST /v4/projects/:id/hooks", "201"))
        self.on("GET /issues", 200, recorded(f"{_PROJECT}/issues"))
        self.on("GET /issues/6", 200, recorded(f"GET {_ISSUE}"))
        self.on("PUT /issues/6", 200, recorded(f"PUT {_ISSUE}"))
        for below in ("resource_label_events", "resource_state_events", "links", "notes"):
            self.on(f"GET /issues/6/{below}", 200, recorded(f"GET {_ISSUE}/{below}"))
        self.on("POST /issues/6/notes", 201, recorded(f"POST {_ISSUE}/notes", "201"))
        self.on("PUT /issues/6/notes/306", 200, recorded(f"PUT {_ISSUE}/notes/:note_id"))
        self.on("GET /repository/branches/.*", 200, recorded(f"{_PROJECT}/repository/branches/:branch"))
        self.on("GET /repository/tree", 200, recorded(f"{_PROJECT}/repository/tree"))
        self.on(
            "GET /repository/commits/18f3e63d/statuses", 200, recorded(f"{_PROJECT}/repository/commits/:sha/statuses")
        )
        self.on("GET /merge_requests", 200, [])
        self.on("GET /merge_requests/1", 200, merge_request())
        for below in ("notes", "diffs", "approvals", "reviewers"):
            self.on(f"GET /merge_requests/1/{below}", 200, recorded(f"GET {_MERGE}/{below}"))
        for below in ("notes", "discussions", "approve", "unapprove"):
            self.on(f"POST /merge_requests/1/{below}", 201, recorded(f"POST {_MERGE}/{below}", "201"))
        self.on("POST /merge_requests", 201, merge_request())
        self.on("PUT /merge_requests/1", 200, merge_request())
        self.on("POST /api/graphql", 200, recorded("POST /graphql"))

    def board(self) -> GitLabIssues:
        spec = {"type": "gitlab", "board": NAME, "url": SITE, "secretRef": {"name": "s"}, "webhook": HOOK}
        credentials = {"token": "t", "webhookSecret": "a plain secret"}
        return GitLabIssues(pool.Board.model_validate(spec), credentials, Connection(transport=self.wire))

    def forge(self) -> GitLabForge:
        spec = {"type": "gitlab", "url": SITE, "secretRef": {"name": "s"}, "webhook": HOOK, "labels": ["In Progress"]}
        spec["reviewers"] = ["raymond_smith"]
        repository = {"url": f"{SITE}/{NAME}.git", "branch": "main", "pushSecretRef": {"name": "p"}}
        return GitLabForge(
            pool.Forge.model_validate(spec),
            pool.Repository.model_validate(repository),
            {"token": "t", "webhookSecret": "a plain secret"},
            Connection(transport=self.wire),
        )


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", ())
    return Scripted()


# Refusals

BoardCall = Callable[[GitLabIssues], Any]
BOARD: dict[str, BoardCall] = {
    "GET /api/v4/user": lambda b: b.check(),
    "GET /api/v4/personal_access_tokens/self": lambda b: b.check(),
    "GET /labels": lambda b: b.check(),
    "GET /members/all": lambda b: b.people(),
    "GET /events": lambda b: b.look((), SINCE),
    "GET /hooks": lambda b: b.subscribe(),
    "GET /issues": lambda b: b.look(),
    "GET /issues/6/resource_label_events": lambda b: b.read("6"),
    "GET /issues/6/resource_state_events": lambda b: b.read("6"),
    "GET /issues/6/links": lambda b: b.read("6"),
    "GET /issues/6/notes": lambda b: b.comments("6"),
    "POST /issues/6/notes": lambda b: b.comment("6", "words"),
    "PUT /issues/6/notes/306": lambda b: b.edit_comment("6", "306", "words"),
    "PUT /issues/6": lambda b: b.move("6", "In Progress"),
}
ForgeCall = Callable[[GitLabForge], Any]
FORGE: dict[str, ForgeCall] = {
    "GET /labels": lambda f: f.check(),
    "GET /members/all": lambda f: f.check(),
    "GET /merge_requests": lambda f: f.pull_request("fix"),
    "PUT /merge_requests/1": lambda f: f.open_pull_request(Proposal("fix", "main", "Other", "b", False)),
    "POST /merge_requests": lambda f: f.open_pull_request(Proposal("fix", "main", "Other", "b", False)),
    "GET /merge_requests/1/notes": lambda f: f.comments(1),
    "POST /merge_requests/1/notes": lambda f: f.comment(1, "words"),
    "GET /merge_requests/1": lambda f: f.review(1, "words", Judgement.APPROVED),
    "GET /merge_requests/1/approvals": lambda f: f.reviews(1),
    "GET /merge_requests/1/reviewers": lambda f: f.reviews(1),
    "GET /merge_requests/1/diffs": lambda f: f.review(1, "w", Judgement.COMMENTED, [LineComment("README.md", 1, "x")]),
    "POST /merge_requests/1/discussions": lambda f: f.review(
        1, "w", Judgement.COMMENTED, [LineComment("README.md", 1, "x")]
    ),
    "GET /repository/commits/18f3e63d/statuses": lambda f: f.checks("18f3e63d"),
    "GET /repository/files/.*/raw": lambda f: f.template(),
}


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("place", BOARD)
async def test_every_documented_refusal_of_the_board_has_its_error(scripted: Scripted, place: str, status: str) -> None:
    scripted.on(place, int(status), errors()[status])
    scripted.rest()
    with pytest.raises(REFUSALS[status]):
        await BOARD[place](scripted.board())
    check_requests(scripted.wire.requests)


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("place", FORGE)
async def test_every_documented_refusal_of_the_forge_has_its_error(scripted: Scripted, place: str, status: str) -> None:
    scripted.on(place, int(status), errors()[status])
    scripted.rest()
    with pytest.raises(REFUSALS[status]):
        await FORGE[place](scripted.forge())
    check_requests(scripted.wire.requests)


@pytest.mark.parametrize("status", ["400", "409", "422"])
async def test_an_address_that_gitlab_does_not_take_is_said(scripted: Scripted, status: str) -> None:
    scripted.on("POST /hooks", int(status), errors()[status])
    scripted.rest()
    with pytest.raises(Misconfigured, match=r"spec\.board\.webhook\.callbackUrl") as wrong:
        await scripted.board().subscribe()
    assert wrong.value.reason == "WebhookRefused"
    with pytest.raises(Misconfigured, match=r"spec\.forge\.webhook\.callbackUrl"):
        await scripted.forge().subscribe()


async def test_a_refusal_is_in_gitlabs_words(scripted: Scripted) -> None:
    scripted.on("PUT /issues/6", 400, errors()["400"])
    scripted.on("POST /issues/6/notes", 429, errors()["429"])
    scripted.rest()
    board = scripted.board()
    with pytest.raises(Rejected, match=r"title can't be blank; title is too long"):
        await board.move("6", "In Progress")
    with pytest.raises(RateLimited, match="requested too many times") as limited:
        await board.comment("6", "words")
    assert limited.value.retry_after == 10


async def test_an_expired_and_a_narrow_token_are_told_apart(scripted: Scripted) -> None:
    scripted.on("GET /api/v4/user", 401, errors("expired-token")["401"])
    scripted.on("PUT /issues/6", 403, errors("narrow-token")["403"])
    scripted.rest()
    with pytest.raises(CredentialsRefused, match="Token is expired"):
        await scripted.board().check()
    with pytest.raises(PermissionMissing, match="higher privileges than provided"):
        await scripted.board().move("6", "In Progress")


async def test_an_approval_that_is_refused_is_no_bad_token(scripted: Scripted) -> None:
    scripted.on("GET /merge_requests/1/approvals", 200, recorded(f"GET {_MERGE}/approvals") | {"approved_by": []})
    scripted.on("POST /merge_requests/1/approve", 401, recorded(f"POST {_MERGE}/approve", "401"))
    scripted.rest()
    with pytest.raises(Rejected, match="may not approve"):
        await scripted.forge().review(1, "fine", Judgement.APPROVED)
    assert not any(place.endswith("/notes") for place in scripted.wire.sent())


# Answers


async def test_every_documented_answer_to_the_board_is_read(scripted: Scripted) -> None:
    scripted.rest()
    board = scripted.board()
    await board.check()
    read = await board.read("6")
    assert read is not None
    assert (read.id, read.key, read.column, read.event) == ("6", "#6", "Sprint Backlog", "label:142")
    assert (read.title, read.body) == ("Consequatur vero maxime", "Ratione dolores")
    assert [(link.title, link.url) for link in read.links] == [
        ("Issues with auth", "https://gitlab.example.com/example/example/-/issues/14")
    ]
    assert [(said.author, said.text, said.by_us) for said in read.comments] == [("pipin", "Text of the comment", True)]
    look = await board.look((), SINCE)
    assert [card.event for card in look.ready] == ["label:142"]
    assert [(one.ticket, one.comment.text) for one in look.said] == [("377", "What an awesome day!")]
    assert await board.people() == {"1": "raymond_smith"}
    assert await board.comment("6", "words") == "306"
    await board.edit_comment("6", "306", "words")
    await board.move("6", "In Progress")
    await board.subscribe()
    check_requests(scripted.wire.requests)


async def test_every_documented_answer_to_the_forge_is_read(scripted: Scripted) -> None:
    found = merge_request()
    scripted.on("GET /merge_requests", 200, [found])
    scripted.on("GET /repository/files/.*/raw", 200, "## Why")
    scripted.on("GET /api/v4/user", 200, recorded("GET /v4/user") | {"id": 7})
    scripted.rest()
    forge = scripted.forge()
    await forge.check()
    head = await forge.head("main")
    assert head and head.commit == "7b5c3cc8be40ee161ae89a06bba6229da1032a0c"
    made = await forge.pull_request("fix")
    assert made and (made.number, made.draft) == (1, False)
    assert made.url.endswith("/my-group/my-project/-/merge_requests/1")
    wanted = (found["title"], found["description"])
    assert await forge.open_pull_request(Proposal("fix", "main", *wanted, False, (), ["sam_bauch"])) == made
    assert await forge.template() == '"## Why"'
    (by_root, review) = sorted(await forge.reviews(1), key=lambda one: len(one.lines))
    assert (by_root.author, by_root.judgement, by_root.by_us) == ("root", Judgement.APPROVED, False)
    assert (review.author, review.lines) == ("ada", (LineComment("package.json", 27, "Why twice?"),))
    checks = {check.name: check.state for check in await forge.checks("18f3e63d")}
    assert checks == {"bundler:audit": CheckState.RUNNING, "test": CheckState.PASSED}
    assert await forge.comments(1) == []
    assert await forge.comment(1, "words") == "301"
    assert await forge.review(1, "words", Judgement.CHANGES_WANTED, [LineComment("README.md", 1, "x")]) == "301"
    await forge.subscribe()
    check_requests(scripted.wire.requests)


# The stand-in


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, GRAPHQL], ids=lambda one: f"{one.method} {one.path}")
def test_the_standin_serves_what_is_documented(endpoint: Endpoint) -> None:
    path = endpoint.path if endpoint is GRAPHQL else f"/v4{endpoint.path}"
    found = operation(endpoint.method, f"/api{path}")
    assert found.path == path
    assert set(endpoint.params) <= found.query.keys()
    assert set(endpoint.fields) <= found.body.keys()
    assert str(endpoint.status) in found.answers or path.endswith("/raw")


def test_every_recorded_page_is_gitlabs() -> None:
    assert len(operations()) > 30
    for found in operations():
        assert found.page.startswith("https://docs.gitlab.com/api/")
        assert found.answers or found.path.endswith("/raw")

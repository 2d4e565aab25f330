"""What GitHub documents for its boards: every refusal has its error, every answer is read, every query is one that its
schema takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse, validate

from boardhand_api import pool
from boardhand_operator import errors
from boardhand_operator.boards.github import log, queries
from boardhand_operator.boards.github.issues import GitHubIssues
from boardhand_operator.boards.github.projects import GitHubProjects
from boardhand_operator.boards.github.queries import Queries
from boardhand_operator.errors import BoardhandError, Misconfigured, NotFound, PermissionMissing, RateLimited, Rejected
from boardhand_operator.http.transport import Connection
from boardhand_operator.vendors.github import hooks as github_hooks
from testbed.github.graph_routes import SCHEMA, schema
from tests.contract.board_bench import DOING, READY
from tests.contract.board_wires import Wire
from tests.contract.github_api import check_requests, documented_answers, resolve
from tests.contract.github_board import GitHubIssuesBench, GitHubProjectsBench
from tests.contract.github_schema import by_name, misfits, newer, published
from tests.contract.scripted_server import ScriptedServer

FOLDER = Path(__file__).parent / "documented" / "github"
ERRORS = json.loads((FOLDER / "errors.json").read_text())["answers"]
GRAPH_ERRORS = json.loads((FOLDER / "graphql_errors.json").read_text())["answers"]
HOOK = {"callbackUrl": "https://boardhand.example/webhooks/team/app"}
LABELS = [{"id": number, "name": name} for number, name in enumerate(("Sprint Backlog", "In Progress", "In Review"), 1)]
ROOT, SITE = "/repos/team/app", "https://api.github.com"
MAPPED: dict[int, type[BoardhandError] | tuple[type[BoardhandError], ...]] = {
    301: (Misconfigured, NotFound, Rejected),
    400: Rejected,
    403: PermissionMissing,
    404: (NotFound, PermissionMissing),
    410: NotFound,
    422: (Rejected, Misconfigured),
}


def credentials() -> dict[str, str]:
    return {"token": "a-token", "webhookSecret": "signs"}


def spec(kind: str, board: str) -> pool.Board:
    return pool.Board.model_validate({"type": kind, "board": board, "secretRef": {"name": "s"}, "webhook": HOOK})


def issue(**changes: Any) -> dict[str, Any]:
    # GitHub's example is but the name of another one.
    found: dict[str, Any] = resolve(documented_answers("GET", f"{ROOT}/issues/7")[200])["value"]
    at_home = {"state": "open", "number": 7, "repository_url": f"{SITE}{ROOT}", "labels": LABELS[:1]}
    return {key: value for key, value in found.items() if key != "pull_request"} | at_home | changes


class Scripted(ScriptedServer):
    """github.com."""

    below = ROOT

    def rest(self) -> None:
        """What the other requests are answered with."""
        self.on("GET /user", 200, {"login": "us"})
        self.on("GET ", 200, {"full_name": "team/app", "has_issues": True, "permissions": {"push": True}})
        self.on("GET /labels", 200, LABELS)
        self.on("GET /issues/7", 200, issue())
        self.on("GET /issues/7/(timeline|comments)", 200, [])
        self.on("GET /issues(/comments)?", 200, [])
        self.on("GET /hooks", 200, [])
        self.on("PATCH /issues/comments/0", 404, {"message": "Not Found"})
        self.on("POST /issues/7/labels", 200, LABELS[:2])

    def open(self) -> GitHubIssues:
        return GitHubIssues(spec("github", "team/app"), credentials(), Connection(transport=self.wire))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    return Scripted()


SINCE = log.moment("2026-01-02T03:04:05Z")
Call = Callable[[Any], Any]
CALLS: dict[str, tuple[str, str, Call]] = {
    "user": ("GET", "/user", lambda b: b.check()),
    "labels": ("GET", "/labels", lambda b: b.check()),
    "writing": ("PATCH", "/issues/comments/0", lambda b: b.check()),
    "issues": ("GET", "/issues", lambda b: b.look()),
    "said": ("GET", "/issues/comments", lambda b: b.look((), SINCE)),
    "issue": ("GET", "/issues/7", lambda b: b.move("7", DOING)),
    "timeline": ("GET", "/issues/7/timeline", lambda b: b.read("7")),
    "comments": ("GET", "/issues/7/comments", lambda b: b.comments("7")),
    "comment": ("POST", "/issues/7/comments", lambda b: b.comment("7", "words")),
    "edit": ("PATCH", "/issues/comments/9", lambda b: b.edit_comment("7", "9", "words")),
    "put on": ("POST", "/issues/7/labels", lambda b: b.move("7", DOING)),
    "people": ("GET", "/collaborators", lambda b: b.people()),
    "hooks": ("GET", "/hooks", lambda b: b.subscribe()),
    "hook": ("POST", "/hooks", lambda b: b.subscribe()),
}
GOOD_ANYWAY = {("writing", 404), ("issue", 304), ("user", 304), ("user", 401)}
"""Refusals that are what is hoped for, that only a condition brings, or that are among ERRORS."""


def refusals(name: str) -> list[tuple[int, Any]]:
    """Status and body of each that GitHub documents for this call."""
    method, path, _ = CALLS[name]
    answers = documented_answers(method, path if path == "/user" else f"{ROOT}{path}")
    return [(status, body) for status, body in answers.items() if status >= 300 and (name, status) not in GOOD_ANYWAY]


@pytest.mark.parametrize("name", CALLS)
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str) -> None:
    method, path, call = CALLS[name]
    for status, body in refusals(name):
        scripted.script.clear()
        scripted.on(f"{method} {path}", status, body)
        scripted.rest()
        with pytest.raises(MAPPED[status]):
            await call(scripted.open())
    check_requests(scripted.wire.requests)


class OneAnswer:
    """A GitHub that has one answer."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        answer = httpx.Response(status, json=body, headers=headers)
        self.wire = Wire(httpx.MockTransport(lambda _: answer))

    def both(self) -> list[GitHubIssues | GitHubProjects]:
        connection = Connection(transport=self.wire)
        issues = GitHubIssues(spec("github", "team/app"), credentials(), connection)
        return [issues, GitHubProjects(spec("github-projects", "orgs/team/7"), credentials(), connection)]


@pytest.mark.parametrize("answer", ERRORS, ids=[answer["name"] for answer in ERRORS])
async def test_every_documented_error_has_its_own(answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    server = OneAnswer(answer["status"], answer["body"], answer.get("headers"))
    for board in server.both():
        for call in (board.look(), board.comment("7", "words")):
            with pytest.raises(getattr(errors, answer["error"])) as failed:
                await call
            if "retry_after" in answer:
                assert isinstance(failed.value, RateLimited)
                assert 0 < failed.value.retry_after <= answer["retry_after"]
        await board.aclose()


@pytest.mark.parametrize("answer", GRAPH_ERRORS, ids=[answer["name"] for answer in GRAPH_ERRORS])
async def test_every_documented_error_of_graphql_has_its_own(
    answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    _, board = OneAnswer(200, answer["body"]).both()
    for call in (board.look(), board.comments("I_7"), board.comment("I_7", "words"), board.move("I_7", DOING)):
        with pytest.raises(getattr(errors, answer["error"])) as failed:
            await call
        assert answer["body"]["errors"][0]["message"][:100] in str(failed.value)
    if answer["error"] == "PermissionMissing":
        assert "Secret s need, of organisation team: Projects (write)" in str(failed.value)
    await board.aclose()


# Answers


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    said = documented_answers("GET", f"{ROOT}/issues/7/comments")[200]
    scripted.on("GET /issues/7/timeline", 200, documented_answers("GET", f"{ROOT}/issues/7/timeline")[200])
    scripted.on("GET /issues/7/comments", 200, said)
    scripted.on("GET /issues/comments", 200, documented_answers("GET", f"{ROOT}/issues/comments")[200])
    scripted.on("GET /collaborators", 200, documented_answers("GET", f"{ROOT}/collaborators")[200])
    scripted.on("GET /issues", 200, [issue()])
    scripted.on("POST /issues/7/comments", 201, documented_answers("POST", f"{ROOT}/issues/7/comments")[201])
    scripted.rest()
    board = scripted.open()
    read = await board.read("7")
    assert read is not None
    assert (read.id, read.key, read.column, read.title) == ("7", "#7", READY, issue()["title"])
    (comment,) = await board.comments("7")
    assert (comment.id, comment.author, comment.text) == ("1", "octocat", said[0]["body"])
    assert await board.people() == {"1": "octocat"}
    assert await board.comment("7", "words") == "1"
    look = await board.look((), log.moment("2011-01-01T00:00:00Z"))
    assert look.members == {READY: {"7"}}
    assert (await board.look()).ready == []
    assert [one.comment.author for one in look.said] == ["octocat"]


async def test_an_author_who_left(scripted: Scripted) -> None:
    said = documented_answers("GET", f"{ROOT}/issues/7/comments")[200][0] | {"user": None}
    scripted.on("GET /issues/7/comments", 200, [said])
    scripted.rest()
    (found,) = await scripted.open().comments("7")
    assert (found.author, found.author_id, found.by_us) == ("somebody who left", "", False)


def test_a_call_is_githubs_own_by_the_documented_signature() -> None:
    told = json.loads((FOLDER / "webhook.json").read_text())
    body = told["payload"].encode()
    assert github_hooks.signed(told["secret"], body, {"X-Hub-Signature-256": told["header"]})
    assert not github_hooks.signed(told["secret"] + " ", body, {"X-Hub-Signature-256": told["header"]})
    assert not github_hooks.signed("", body, {"X-Hub-Signature-256": told["header"]})


# GraphQL


def documents(new: bool) -> dict[str, str]:
    """Every document, as it is sent where the API has the new things, or has not."""
    found = {name: text for name, text in vars(queries).items() if name.isupper() and not name.startswith("_")}
    names = [name for name, kind in vars(Queries).items() if isinstance(kind, property) and not name.startswith("_")]
    for organisation, name in product((True, False), names):
        found[f"{name} {organisation}"] = getattr(Queries(organisation, events=new, filters=new), name)
    return found


@pytest.mark.parametrize("new", [True, False], ids=["github.com", "an older server"])
def test_every_document_is_one_of_the_schema(new: bool) -> None:
    assert len(documents(new)) == 19
    for name, text in documents(new).items():
        assert [error.message for error in validate(schema(new=new), parse(text))] == [], name


def test_the_stand_ins_schema_is_part_of_githubs() -> None:
    ours = by_name(SCHEMA.read_text())
    whole = newer(published(frozenset(ours)))
    assert misfits(ours, whole) == []
    for name, text in (
        ("Label", "type Label { colour: String! }"),
        ("Issue", "type Issue { title: String }"),
        ("IssueState", "enum IssueState { LOST }"),
        ("Query", "type Query { search(query: String!): SearchResultItemConnection! }"),
        ("AddCommentInput", "input AddCommentInput { body: String! }"),
        ("Nothing", "type Nothing { id: ID! }"),
    ):
        assert len(misfits(by_name(text), whole)) == 1, name


# The stand-in


async def test_the_stand_in_answers_as_github_documents() -> None:
    bench = GitHubIssuesBench()
    ticket = await bench.ticket(label="bot", body="words")
    await bench.furnish(ticket)
    await bench.say(ticket, "hello")
    board = bench.open(hook=True)
    await board.check()
    await board.look([DOING], SINCE)
    await board.people()
    await board.edit_comment(ticket, await board.comment(ticket, "words"), "others")
    await board.move(ticket, DOING)
    await board.read(ticket)
    await board.comments(ticket)
    await board.subscribe()
    next(iter(bench.repository.hooks.values())).active = False
    await board.subscribe()
    await bench.delete(ticket)
    assert await board.column_of(ticket) is None
    await board.aclose()
    bench.check_requests()
    assert len({(method, path) for method, path, *_ in bench.held.answers}) > 14


async def test_the_stand_in_refuses_what_is_no_graphql() -> None:
    bench = GitHubProjectsBench()
    transport, headers = httpx.ASGITransport(bench.app), {"authorization": "Bearer a-token-of-the-bot"}
    async with httpx.AsyncClient(transport=transport, base_url="http://github.test", headers=headers) as http:
        for text in ("query { viewer { nothing } }", "query { viewer", "query { node(id: 7, x: 1) { id } }"):
            answer = (await http.post("/api/graphql", json={"query": text})).json()
            assert "message" in answer["errors"][0]

"""The Gitea stand-in's routes, parameters, bodies and answers against Forgejo's swagger file; and its levers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from testbed.gitea import issue_state, pull_state
from testbed.gitea.app import create_app
from testbed.gitea.routes import ENDPOINTS, Endpoint
from testbed.gitea.state import GiteaState, Token
from tests.contract.forge_requests import FILE
from tests.contract.openapi_schema import contract, problems
from tests.contract.request_check import operation
from tests.contract.samples import resolve

COMMIT = "c" * 40
ANSWERS = {
    "GET /repos/{owner}/{repo}": "Repository",
    "GET /repos/{owner}/{repo}/branches/{branch}": "Branch",
    "GET /repos/{owner}/{repo}/pulls": "PullRequest",
    "POST /repos/{owner}/{repo}/pulls": "PullRequest",
    "GET /repos/{owner}/{repo}/pulls/{index}": "PullRequest",
    "PATCH /repos/{owner}/{repo}/pulls/{index}": "PullRequest",
    "GET /repos/{owner}/{repo}/pulls/{base}/{head}": "PullRequest",
    "GET /repos/{owner}/{repo}/issues/{index}/comments": "Comment",
    "POST /repos/{owner}/{repo}/issues/{index}/comments": "Comment",
    "POST /repos/{owner}/{repo}/pulls/{index}/requested_reviewers": "PullReview",
    "GET /repos/{owner}/{repo}/pulls/{index}/reviews": "PullReview",
    "POST /repos/{owner}/{repo}/pulls/{index}/reviews": "PullReview",
    "GET /repos/{owner}/{repo}/pulls/{index}/reviews/{id}/comments": "PullReviewComment",
    "GET /repos/{owner}/{repo}/reviewers": "User",
    "GET /repos/{owner}/{repo}/commits/{ref}/status": "CombinedStatus",
    "POST /repos/{owner}/{repo}/statuses/{sha}": "CommitStatus",
    "GET /repos/{owner}/{repo}/git/trees/{sha}": "GitTreeResponse",
    "GET /user": "User",
    "GET /settings/api": "GeneralAPISettings",
    "GET /repos/{owner}/{repo}/assignees": "User",
    "GET /repos/{owner}/{repo}/issues": "Issue",
    "POST /repos/{owner}/{repo}/issues": "Issue",
    "GET /repos/{owner}/{repo}/issues/comments": "Comment",
    "PATCH /repos/{owner}/{repo}/issues/comments/{id}": "Comment",
    "GET /repos/{owner}/{repo}/issues/{index}": "Issue",
    "PATCH /repos/{owner}/{repo}/issues/{index}": "Issue",
    "GET /repos/{owner}/{repo}/issues/{index}/timeline": "TimelineComment",
    "POST /repos/{owner}/{repo}/issues/{index}/labels": "Label",
    "GET /repos/{owner}/{repo}/labels": "Label",
    "POST /repos/{owner}/{repo}/labels": "Label",
    "GET /repos/{owner}/{repo}/hooks": "Hook",
    "POST /repos/{owner}/{repo}/hooks": "Hook",
    "PATCH /repos/{owner}/{repo}/hooks/{id}": "Hook",
}
TEXTS = {
    "GET /repos/{owner}/{repo}/pulls/{index}.{diffType}": "+++ b/README.md",
    "POST /repos/{owner}/{repo}/pulls/{index}/merge": "",
    "GET /repos/{owner}/{repo}/raw/{filepath}": "It has three lines.",
}
"""Answers that are no JSON, and what is in them."""
BODIES: dict[str, dict[str, Any]] = {
    "POST /repos/{owner}/{repo}/pulls": {"head": "second", "base": "main", "title": "T", "body": "B"},
    "PATCH /repos/{owner}/{repo}/pulls/{index}": {"title": "WIP: U", "body": "C", "state": "closed"},
    "POST /repos/{owner}/{repo}/issues/{index}/comments": {"body": "said"},
    "POST /repos/{owner}/{repo}/issues": {"title": "T", "body": "B", "labels": []},
    "PATCH /repos/{owner}/{repo}/issues/comments/{id}": {"body": "changed"},
    "PATCH /repos/{owner}/{repo}/issues/{index}": {"title": "U", "body": "C", "state": "closed"},
    "POST /repos/{owner}/{repo}/issues/{index}/labels": {"labels": ["ready"]},
    "POST /repos/{owner}/{repo}/pulls/{index}/merge": {"Do": "squash"},
    "POST /repos/{owner}/{repo}/pulls/{index}/requested_reviewers": {"reviewers": ["team"]},
    "POST /repos/{owner}/{repo}/pulls/{index}/reviews": {
        "body": "B",
        "event": "COMMENT",
        "comments": [{"path": "README.md", "body": "L", "new_position": 1, "old_position": 0}],
    },
    "POST /repos/{owner}/{repo}/statuses/{sha}": {"context": "ci", "state": "success"},
    "POST /repos/{owner}/{repo}/labels": {"name": "new", "color": "#00aabb"},
    "POST /repos/{owner}/{repo}/hooks": {
        "type": "gitea",
        "active": True,
        "config": {"url": "https://boardhand.example/hook", "content_type": "json"},
        "events": ["issues"],
    },
    "PATCH /repos/{owner}/{repo}/hooks/{id}": {"active": False, "events": ["issues"]},
}
PLACES = {"owner": "team", "repo": "app", "branch": "fix", "index": "1", "base": "main", "head": "fix"}
PLACES |= {"ref": COMMIT, "sha": COMMIT, "diffType": "diff", "filepath": "README.md"}
"""Pull request 1; `_places` has the issue, and the ids of what belongs to it."""


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _places(state: GiteaState, endpoint: Endpoint) -> dict[str, str]:
    tracker = state.repository("team/app").tracker
    if "/pulls" in endpoint.path:
        return PLACES | {"id": str(state.repository("team/app").pulls[1].reviews[0].id)}
    (issue,), (label,) = tracker.issues.values(), tracker.labels.values()
    said = next(entry for entry in issue.log if entry.kind == "comment")
    which = next(iter(tracker.hooks)) if "/hooks" in endpoint.path else said.id
    return PLACES | {"index": str(issue.number), "identifier": str(label.id), "id": str(which)}


def _client(state: GiteaState) -> httpx.AsyncClient:
    transport, headers = httpx.ASGITransport(create_app(state)), {"authorization": "token t"}
    return httpx.AsyncClient(transport=transport, base_url="http://gitea.test", headers=headers)


@pytest.fixture
def state() -> GiteaState:
    state = GiteaState({"t": Token("bot", True)})
    made = state.add_repository("team/app")
    for branch in ("fix", "second"):
        state.push(made, branch, COMMIT)
    pull = state.open_pull(made, "fix", "main", "Fix it", "why", "bot")
    state.add_comment(pull, "hello", "ada")
    pull_state.judge(state, made, pull, "grace", "APPROVED", "good", [("README.md", 1, "this")])
    pull_state.report(state, made, COMMIT, "ci", "pending")
    issue = issue_state.add_issue(
        state, made, "A ticket", "to do", "ada", [issue_state.add_label(state, made, "ready")]
    )
    issue_state.say(state, issue, "a question", "ada")
    issue_state.add_hook(state, made, "https://elsewhere.example/", "s", True, ["issues"])
    return state


@pytest.fixture
async def http(state: GiteaState) -> httpx.AsyncClient:
    return _client(state)


def _problems(definition: str, answer: dict[str, Any]) -> list[str]:
    """Where the answer breaks the definition. A null is what Gitea writes for nothing: the file has no word for it."""
    rules = {"$ref": f"#/definitions/{definition}", "definitions": contract(FILE)["definitions"]}
    return problems(Draft202012Validator(rules), _without_nulls(answer))


def _without_nulls(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_nulls(entry) for entry in node]
    if isinstance(node, dict):
        return {name: _without_nulls(value) for name, value in node.items() if value is not None}
    return node


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=_name)
def test_route_parameters_and_fields_are_documented(endpoint: Endpoint) -> None:
    template, found = operation(FILE, endpoint.method, endpoint.path)
    assert template == endpoint.path
    listed = {entry["name"] for entry in found["parameters"] if entry["in"] == "query"}
    assert set(endpoint.params) <= listed
    bodies = [resolve(FILE, entry["schema"]) for entry in found["parameters"] if entry["in"] == "body"]
    assert set(endpoint.fields) <= {name for body in bodies for name in body["properties"]}
    assert str(endpoint.status) in found["responses"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=_name)
async def test_answers_keep_the_definition(http: httpx.AsyncClient, state: GiteaState, endpoint: Endpoint) -> None:
    body = BODIES.get(_name(endpoint))
    assert set(body or ()) == set(endpoint.fields)
    answer = await http.request(
        endpoint.method, "/api/v1" + endpoint.path.format(**_places(state, endpoint)), json=body
    )
    assert answer.status_code == endpoint.status, answer.text
    if endpoint.status == 204:
        assert not answer.content
        return
    if _name(endpoint) in TEXTS:
        assert TEXTS[_name(endpoint)] in answer.text
        return
    definition, found = ANSWERS[_name(endpoint)], answer.json()
    for entry in found if isinstance(found, list) else [found]:
        assert _problems(definition, entry) == []
        assert set(entry) <= set(contract(FILE)["definitions"][definition]["properties"])
    assert found


async def test_the_definition_check_can_fail(http: httpx.AsyncClient) -> None:
    found = (await http.get("/api/v1/repos/team/app/pulls/1")).json()
    mistakes: list[dict[str, Any]] = [{"number": "1"}, {"draft": "no"}, {"head": []}, {"user": {"login": 7}}]
    for wrong in mistakes:
        assert _problems("PullRequest", found | wrong), wrong


async def test_a_second_pull_request_of_a_branch_is_a_conflict(http: httpx.AsyncClient) -> None:
    body = {"head": "fix", "base": "main", "title": "Again"}
    answer = await http.post("/api/v1/repos/team/app/pulls", json=body)
    assert answer.status_code == 409
    assert answer.json()["message"].startswith("pull request already exists for these targets [")
    await http.patch("/api/v1/repos/team/app/pulls/1", json={"state": "closed"})
    assert (await http.post("/api/v1/repos/team/app/pulls", json=body)).status_code == 201


async def test_pushes_and_all_calls_are_counted(http: httpx.AsyncClient) -> None:
    push = {"repository": "team/app", "branch": "boardhand/1-a", "commit": "d" * 40}
    assert (await http.post("/_testbed/push", json=push)).json() == {"pushes": 1}
    assert (await http.post("/_testbed/push", json=push)).json() == {"pushes": 2}
    wanted = {"head": "boardhand/1-a", "base": "main", "title": "A"}
    for _ in range(2):
        await http.post("/api/v1/repos/team/app/pulls", json=wanted)
    memory = (await http.get("/_testbed/forge.json")).json()["team/app"]
    assert memory["branches"]["boardhand/1-a"] == {"commit": "d" * 40, "pushes": 2}
    assert [pull["head"] for pull in memory["pulls"]] == ["fix", "boardhand/1-a"]
    counters = (await http.get("/_testbed/calls")).json()["counters"]
    route = {"method": "POST", "route": "/api/v1/repos/{owner}/{repo}/pulls", "repository": "team/app"}
    assert counters == [route | {"about": "boardhand/1-a", "count": 2, "done": 1}]


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        ("push", {"repository": "team/none", "branch": "b", "commit": "d" * 40}),
        ("push", {"repository": "team/app", "branch": "b", "commit": "short"}),
        ("repositories", {"name": "no-owner"}),
    ],
)
async def test_wrong_levers_are_refused(http: httpx.AsyncClient, where: str, wrong: dict[str, str]) -> None:
    answer = await http.post(f"/_testbed/{where}", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_faults_are_worded_like_giteas(http: httpx.AsyncClient) -> None:
    fault = {"match": "POST .*/pulls$", "status": 500, "after": True, "times": 1}
    assert (await http.post("/_testbed/faults", json=fault)).status_code == 201
    body = {"head": "second", "base": "main", "title": "Lost"}
    answer = await http.post("/api/v1/repos/team/app/pulls", json=body)
    assert (answer.status_code, answer.json()["message"]) == (500, "Internal Server Error")
    assert (await http.get("/api/v1/repos/team/app/pulls/main/second")).json()["title"] == "Lost"


async def test_archived_and_without_a_token(http: httpx.AsyncClient) -> None:
    await http.post("/_testbed/repositories", json={"name": "team/app", "archived": True})
    body = {"head": "second", "base": "main", "title": "x"}
    assert (await http.post("/api/v1/repos/team/app/pulls", json=body)).status_code == 423
    del http.headers["authorization"]
    assert (await http.get("/api/v1/repos/team/app")).status_code == 401


async def test_a_reset_forgets(http: httpx.AsyncClient) -> None:
    await http.post("/_testbed/reset")
    assert (await http.get("/_testbed/forge.json")).json() == {}

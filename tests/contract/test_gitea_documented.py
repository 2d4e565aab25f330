"""GiteaForge fed with every answer that Forgejo's swagger file documents for what it sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.errors import (
    BoardhandError,
    Misconfigured,
    NotFound,
    PermissionMissing,
    Rejected,
    RemoteUnavailable,
)
from boardhand_operator.forges import Proposal
from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.http.transport import Connection
from boardhand_operator.reviews import Judgement, LineComment
from tests.contract.forge_requests import FILE, check_forge_requests
from tests.contract.request_check import operation
from tests.contract.samples import documented_answers
from tests.contract.scripted_server import ScriptedServer

API = "/api/v1/repos/team/app"
MAPPED: dict[int, type[BoardhandError]] = {
    400: Rejected,
    403: PermissionMissing,
    404: NotFound,
    409: Rejected,
    412: Rejected,
    413: Rejected,
    422: Rejected,
    423: Rejected,
    500: RemoteUnavailable,
}


def answers_to(method: str, path: str) -> dict[str, Any]:
    return documented_answers(FILE, operation(FILE, method, path)[1])


def pull(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = answers_to("GET", "/repos/team/app/pulls/main/b")["200"]
    place = {"ref": "main", "repo_id": 1}
    return found | {"state": "open", "base": place, "head": place | {"ref": "b"}} | changes


class Scripted(ScriptedServer):
    """A forge."""

    def open(self, base: str = "main") -> GiteaForge:
        spec = {"type": "gitea", "url": "http://git.test", "secretRef": {"name": "s"}}
        spec |= {"labels": ["text"], "reviewers": ["text"], "webhook": {"callbackUrl": "http://b.test/hook"}}
        repository = {"url": "http://git.test/team/app.git", "branch": base, "pushSecretRef": {"name": "p"}}
        return GiteaForge(
            pool.Forge.model_validate(spec),
            pool.Repository.model_validate(repository),
            {"token": "t", "webhookSecret": "s"},
            Connection(transport=self.wire),
        )


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.0,))
    return Scripted()


LINES = [LineComment("README.md", 1, "words")]
DIFF = b"--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-old\n+new\n"


def opening(labels: Sequence[str] = (), reviewers: Sequence[str] = ()) -> Call:
    return lambda forge: forge.open_pull_request(Proposal("b", "main", "T", "B", False, labels, reviewers))


Call = Callable[[GiteaForge], Any]
PULL, ISSUE = "/repos/team/app/pulls/7", "/repos/team/app/issues/7"
CALLS: dict[str, tuple[str, str, Call]] = {
    "open": ("POST", "/repos/team/app/pulls", opening()),
    "edit": ("PATCH", PULL, opening()),
    "label": ("POST", f"{ISSUE}/labels", opening(labels=["bot"])),
    "labels": ("GET", "/repos/team/app/labels", opening(labels=["bot"])),
    "ask": ("POST", f"{PULL}/requested_reviewers", opening(reviewers=["grace"])),
    "reviewers": ("GET", "/repos/team/app/reviewers", opening(reviewers=["grace"])),
    "comment": ("POST", f"{ISSUE}/comments", lambda f: f.comment(7, "words")),
    "comments": ("GET", f"{ISSUE}/comments", lambda f: f.comments(7)),
    "review": ("POST", f"{PULL}/reviews", lambda f: f.review(7, "words", Judgement.COMMENTED, LINES)),
    "diff": ("GET", f"{PULL}.diff", lambda f: f.review(7, "words", Judgement.COMMENTED, LINES)),
    "reviews": ("GET", f"{PULL}/reviews", lambda f: f.reviews(7)),
    "lines": ("GET", f"{PULL}/reviews/8/comments", lambda f: f.reviews(7)),
    "checks": ("GET", "/repos/team/app/commits/c0/status", lambda f: f.checks("c0")),
    "tree": ("GET", "/repos/team/app/git/trees/c0", lambda f: f.template()),
    "raw": ("GET", "/repos/team/app/raw/pull_request_template.md", lambda f: f.template()),
    "hooks": ("GET", "/repos/team/app/hooks", lambda f: f.subscribe()),
    "followed": ("GET", PULL, lambda f: f.followed(7)),
    "find": ("GET", "/repos/team/app/pulls/main/b", lambda f: f.pull_request("b")),
    "search": ("GET", "/repos/team/app/pulls", lambda f: f.pull_request("b")),
}
CASES = [
    (name, int(status), body)
    for name, (method, path, _) in CALLS.items()
    for status, body in answers_to(method, path).items()
    if int(status) >= 400 and (name, status) != ("find", "404")
]
CHANGED = {"open": None, "edit": pull(title="other"), "search": pull(state="closed")}
"""What is found by the branch; unless named here a pull request that is as it should be."""


def behave(scripted: Scripted) -> None:
    """Whatever is asked for beside what a case is about."""
    user = answers_to("GET", "/user")["200"]
    commit = {"id": "c0", "timestamp": "2026-01-02T03:04:05Z"}
    review = answers_to("GET", f"{PULL}/reviews")["200"][0] | {"id": 8, "state": "COMMENT", "comments_count": 1}
    tree = [{"path": "pull_request_template.md", "type": "blob", "sha": "d0"}]
    for pattern, status, body in (
        (f"GET {API}/pulls/main/b", 200, pull(title="T", body="B", number=7)),
        (f"GET {API}/pulls", 200, []),
        (f"GET {API}/pulls/7", 200, pull()),
        (f"GET {API}/labels", 200, [{"id": 3, "name": "bot"}]),
        (f"GET {API}/reviewers", 200, [user | {"login": "grace"}]),
        (f"GET {API}/pulls/7/reviews", 200, [review]),
        (f"GET {API}/branches/main", 200, {"name": "main", "commit": commit}),
        (f"GET {API}/git/trees/c0", 200, {"tree": tree, "truncated": False}),
        ("GET /api/v1/user", 200, user),
        ("GET /api/v1/settings/api", 200, {"max_response_items": 50}),
    ):
        scripted.on(pattern, status, body)


@pytest.mark.parametrize(("name", "status", "body"), CASES, ids=[f"{name}-{status}" for name, status, _ in CASES])
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str, status: int, body: Any) -> None:
    method, path, call = CALLS[name]
    scripted.on(f"{method} /api/v1{re.escape(path)}", status, body)
    if name in CHANGED:
        found = CHANGED[name]
        scripted.on(f"GET {API}/pulls/main/b", 404 if found is None else 200, found)
    scripted.on(f"GET {API}/pulls/7.diff", 200, DIFF)
    behave(scripted)
    with pytest.raises(MAPPED[status]):
        await call(scripted.open())
    check_forge_requests(scripted.wire.requests)


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    scripted.on(f"GET {API}/pulls/main/b", 404, None)
    scripted.on(f"POST {API}/pulls", 201, pull(title="other", number=7, html_url="u"))
    scripted.on(f"PATCH {API}/pulls/7", 201, pull(title="T", body="B", number=7, html_url="u", draft=True))
    for method, path in (
        ("POST", f"{ISSUE}/comments"),
        ("GET", f"{ISSUE}/comments"),
        ("POST", f"{ISSUE}/labels"),
        ("POST", f"{PULL}/requested_reviewers"),
        ("POST", f"{PULL}/reviews"),
        ("GET", f"{PULL}/reviews/8/comments"),
        ("GET", "/repos/team/app/commits/c0/status"),
        ("GET", "/repos/team/app/hooks"),
        ("POST", "/repos/team/app/hooks"),
    ):
        (status, body), *_ = ((int(one), found) for one, found in answers_to(method, path).items() if one[0] == "2")
        scripted.on(f"{method} /api/v1{path}", status, body)
    behave(scripted)
    forge = scripted.open()
    made = await forge.open_pull_request(Proposal("b", "main", "T", "B", True, ["bot"], ["grace"]))
    assert made == PullRequest(url="u", number=7, draft=True)
    assert await forge.comment(7, "words")
    assert [said.text for said in await forge.comments(7)] == ["text"]
    assert await forge.review(7, "words", Judgement.COMMENTED)
    (review,) = await forge.reviews(7)
    assert review.lines == (LineComment("text", 7, "text"),)
    assert [check.name for check in await forge.checks("c0")] == ["text"]
    await forge.subscribe()
    check_forge_requests(scripted.wire.requests)


async def test_the_search_goes_through_all_pages_and_skips_forks(scripted: Scripted) -> None:
    forks = [pull(id=number, number=1, head={"ref": "b", "repo_id": 2}) for number in range(100, 150)]
    other = pull(id=2, number=2, base={"ref": "dev", "repo_id": 1})
    pages = {"1": forks, "2": [other, pull(id=5, number=5)], "3": [pull(id=4, number=4)]}

    def page(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/settings/api":
            return httpx.Response(200, json=answers_to("GET", "/settings/api")["200"] | {"max_response_items": 50})
        return httpx.Response(200, json=pages.get(request.url.params["page"], []))

    scripted.wire.inner = httpx.MockTransport(page)
    found = await scripted.open("release/1").pull_request("b")
    assert found is None
    for entries in pages.values():
        for entry in entries:
            entry["base"] = {"ref": "release/1", "repo_id": 1}
    found = await scripted.open("release/1").pull_request("b")
    assert found is not None and found.number == 2
    check_forge_requests(scripted.wire.requests)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"archived": True}, "RepositoryArchived"),
        ({"has_pull_requests": False}, "PullRequestsOff"),
        ({"empty": True}, "RepositoryEmpty"),
    ],
)
async def test_the_check_reads_the_documented_repository(
    scripted: Scripted, changes: dict[str, Any], reason: str | None
) -> None:
    repository = answers_to("GET", "/repos/team/app")["200"] | {"has_pull_requests": True}
    scripted.on("GET /api/v1/user", 200, answers_to("GET", "/user")["200"])
    scripted.on("GET /api/v1/settings/api", 200, {"max_response_items": 50})
    scripted.on(f"GET {API}/labels", 200, answers_to("GET", "/repos/team/app/labels")["200"])
    reviewers = answers_to("GET", "/repos/team/app/reviewers")["200"]
    scripted.on(f"GET {API}/reviewers", 200, [reviewers[0] | {"login": "text"}])
    scripted.on(f"GET {API}", 200, repository | changes)
    scripted.on(f"GET {API}/branches/main", 200, answers_to("GET", "/repos/team/app/branches/main")["200"])
    scripted.on(f"POST {API}/pulls", 422, answers_to("POST", "/repos/team/app/pulls")["422"])
    if reason is None:
        await scripted.open().check()
    else:
        with pytest.raises(Misconfigured) as wrong:
            await scripted.open().check()
        assert wrong.value.reason == reason
    check_forge_requests(scripted.wire.requests)

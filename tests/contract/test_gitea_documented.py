"""GiteaForge fed with every answer that Forgejo's swagger file documents for what it sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_api.run import PullRequest
from boardhand_operator.errors import (
    BoardhandError,
    Misconfigured,
    NotFound,
    PermissionMissing,
    Rejected,
    RemoteUnavailable,
)
from boardhand_operator.forges.gitea import forge as gitea
from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.transport import Connection
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
        repository = {"url": "http://git.test/team/app.git", "branch": base, "pushSecretRef": {"name": "p"}}
        return GiteaForge(
            pool.Forge.model_validate(spec),
            pool.Repository.model_validate(repository),
            {"token": "t"},
            Connection(transport=self.wire),
        )


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr(gitea, "PATIENCE", (0.0,))
    return Scripted()


Call = Callable[[GiteaForge], Any]
CALLS: dict[str, tuple[str, str, Call]] = {
    "open": ("POST", "/repos/team/app/pulls", lambda f: f.open_pull_request("b", "main", "T", "B", False)),
    "edit": ("PATCH", "/repos/team/app/pulls/7", lambda f: f.open_pull_request("b", "main", "T", "B", False)),
    "comment": ("POST", "/repos/team/app/issues/7/comments", lambda f: f.comment(7, "words")),
    "find": ("GET", "/repos/team/app/pulls/main/b", lambda f: f.pull_request("b")),
    "search": ("GET", "/repos/team/app/pulls", lambda f: f.pull_request("b")),
}
CASES = [
    (name, int(status), body)
    for name, (method, path, _) in CALLS.items()
    for status, body in answers_to(method, path).items()
    if int(status) >= 400 and (name, status) != ("find", "404")
]


@pytest.mark.parametrize(("name", "status", "body"), CASES, ids=[f"{name}-{status}" for name, status, _ in CASES])
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str, status: int, body: Any) -> None:
    method, path, call = CALLS[name]
    scripted.on(f"{method} /api/v1{path}", status, body)
    if name == "open":
        scripted.on(f"GET {API}/pulls/main/b", 404, None)
        scripted.on(f"GET {API}/pulls", 200, [])
    if name == "edit":
        scripted.on(f"GET {API}/pulls/main/b", 200, pull(title="other"))
    if name == "search":
        scripted.on(f"GET {API}/pulls/main/b", 200, pull(state="closed"))
    with pytest.raises(MAPPED[status]):
        await call(scripted.open())
    check_forge_requests(scripted.wire.requests)


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    scripted.on(f"GET {API}/pulls/main/b", 404, None)
    scripted.on(f"POST {API}/pulls", 201, pull(title="other", number=9, html_url="u"))
    scripted.on(f"PATCH {API}/pulls/9", 201, pull(title="T", body="B", number=9, html_url="u", draft=True))
    scripted.on(f"POST {API}/issues/9/comments", 201, answers_to("POST", "/repos/t/a/issues/9/comments")["201"])
    scripted.on(f"GET {API}/pulls", 200, [])
    forge = scripted.open()
    assert await forge.open_pull_request("b", "main", "T", "B", True) == PullRequest(url="u", number=9, draft=True)
    await forge.comment(9, "words")
    check_forge_requests(scripted.wire.requests)


async def test_the_search_goes_through_all_pages_and_skips_forks(scripted: Scripted) -> None:
    fork = pull(number=1, head={"ref": "b", "repo_id": 2})
    other = pull(number=2, base={"ref": "dev", "repo_id": 1})
    pages = {"1": [fork] * 50, "2": [other, pull(number=5)], "3": [pull(number=4)]}

    def page(request: httpx.Request) -> httpx.Response:
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

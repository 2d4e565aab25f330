"""BitbucketForge and its stand-in against what Bitbucket documents, refusals too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    Remote,
    RemoteUnavailable,
)
from boardhand_operator.forges import Forge, Proposal
from boardhand_operator.forges.bitbucket.at import api_of, quoted, read_error
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.bitbucket.routes import ENDPOINTS
from testbed.bitbucket.state import Account
from tests.contract.bitbucket_api import FILE, answer_problems, check_bitbucket_requests
from tests.contract.bitbucket_forge import NAME, SITE, BitbucketBench
from tests.contract.openapi_schema import contract
from tests.contract.request_check import operation

FIX = "boardhand/1-fix"
ROOT = f"/2.0/repositories/{NAME}"
KINDS: dict[str, type[Remote]] = {
    "400": Rejected,
    "401": CredentialsRefused,
    "403": PermissionMissing,
    "404": NotFound,
    "555": RemoteUnavailable,
}


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BitbucketBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.0,))
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    made = BitbucketBench()
    yield made


@pytest.fixture
async def own_token(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BitbucketBench]:
    """With an access token of the repository's own, which may not ask who it is."""
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.0,))
    made = BitbucketBench(email="")
    yield made


async def everything(bench: BitbucketBench) -> None:
    """Every call there is, at least once."""
    forge = bench.open(hook=True, reviewers=["grace"])
    await bench.branch(FIX)
    await forge.check()
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "why", True, (), ["grace"]))
    await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False, (), ["grace"]))
    number = made.number or 0
    await forge.comment(number, "words")
    for judgement in Judgement:
        await forge.review(number, "seen", judgement, [LineComment("README.md", 1, "a line")])
    await forge.comments(number)
    await forge.reviews(number)
    await forge.followed(number)
    await forge.checks(await bench.branch("ci"))
    await forge.subscribe()
    next(iter(bench.repository.hooks.values())).active = False
    await forge.subscribe()
    await bench.open(reviewers=[bench.reviewer]).check()
    await forge.aclose()


async def test_every_request_is_documented(bench: BitbucketBench) -> None:
    await everything(bench)
    check_bitbucket_requests(bench.wire.requests)
    sent = {(request.method, operation(FILE, request.method, _path(request))[0]) for request in bench.wire.requests}
    wanted = {(one.method, one.path) for one in ENDPOINTS}
    # One of two that were opened at once is only declined where Bitbucket lets both through.
    assert {(method, path) for method, path in wanted - sent if not path.endswith("/decline")} == set()


def _path(request: httpx.Request) -> str:
    return request.url.raw_path.decode().partition("?")[0].removeprefix("/2.0")


async def test_the_stand_ins_answers_are_as_documented(bench: BitbucketBench) -> None:
    seen: list[tuple[str, list[str]]] = []
    inner = bench.wire.inner

    async def judged(request: httpx.Request) -> httpx.Response:
        answer = await inner.handle_async_request(request)
        body = await answer.aread()
        found = json.loads(body) if body else None
        seen.append((f"{request.method} {_path(request)}", _problems(request, answer.status_code, found)))
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    bench.wire.inner = httpx.MockTransport(judged)
    await bench.branch("boardhand/2-other")
    await bench.status(bench.repository.branches["boardhand/2-other"].commit, "build", CheckState.PASSED)
    bench.repository.default_reviewers.append(bench.state.member("ada"))
    await everything(bench)
    await bench.open().checks(bench.repository.branches["boardhand/2-other"].commit)
    with pytest.raises(PermissionMissing):
        await bench.open(token=bench.reader_token()).check()
    assert len(seen) > 30
    assert {place: wrong for place, wrong in seen if wrong} == {}


def _problems(request: httpx.Request, status: int, body: Any) -> list[str]:
    documented = operation(FILE, request.method, _path(request))[1]["responses"]
    if str(status) not in documented:
        # Scopes are checked before any operation, on a page of their own.
        return [] if status == 403 else [f"{status} is not documented"]
    return answer_problems(request.method, _path(request), status, body)


def test_the_scopes_are_those_documented() -> None:
    for one in ENDPOINTS:
        documented = operation(FILE, one.method, one.path)[1]["scopes"]
        assert documented == ([one.scope] if one.scope else []), one.path


Ask = Callable[[Forge], Any]
CALLS: dict[str, tuple[str, str, Ask]] = {
    "repository": ("GET", "/repositories/team/app", lambda f: f.check()),
    "branches": ("GET", "/repositories/team/app/refs/branches", lambda f: f.head("main")),
    "search": ("GET", "/repositories/team/app/pullrequests", lambda f: f.pull_request(FIX)),
    "followed": ("GET", "/repositories/team/app/pullrequests/1", lambda f: f.followed(1)),
    "open": (
        "POST",
        "/repositories/team/app/pullrequests",
        lambda f: f.open_pull_request(Proposal(FIX, "main", "T", "B", False)),
    ),
    "edit": (
        "PUT",
        "/repositories/team/app/pullrequests/1",
        lambda f: f.open_pull_request(Proposal("there", "main", "T", "B", False)),
    ),
    "comments": ("GET", "/repositories/team/app/pullrequests/1/comments", lambda f: f.comments(1)),
    "comment": ("POST", "/repositories/team/app/pullrequests/1/comments", lambda f: f.comment(1, "x")),
    "reviews": ("GET", "/repositories/team/app/pullrequests/1", lambda f: f.reviews(1)),
    "approve": (
        "POST",
        "/repositories/team/app/pullrequests/1/approve",
        lambda f: f.review(1, "x", Judgement.APPROVED),
    ),
    "changes": (
        "POST",
        "/repositories/team/app/pullrequests/1/request-changes",
        lambda f: f.review(1, "x", Judgement.CHANGES_WANTED),
    ),
    "checks": ("GET", "/repositories/team/app/commit/abc/statuses", lambda f: f.checks("abc")),
    "hooks": ("GET", "/repositories/team/app/hooks", lambda f: f.subscribe()),
    "hook": ("POST", "/repositories/team/app/hooks", lambda f: f.subscribe()),
}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        (name, status)
        for name, (method, path, _) in CALLS.items()
        for status in operation(FILE, method, path)[1]["responses"]
        if status >= "400"
    ],
)
async def test_every_documented_refusal_has_its_error(bench: BitbucketBench, name: str, status: str) -> None:
    method, path, ask = CALLS[name]
    await bench.branch(FIX)
    await bench.branch("there")
    await bench.open_by_hand("there", "main", "By hand")
    inner = bench.wire.inner

    async def refusing(request: httpx.Request) -> httpx.Response:
        if (request.method, _path(request)) != (method, path):
            return await inner.handle_async_request(request)
        return httpx.Response(int(status), json=contract(FILE)["errors"][status])

    bench.wire.inner = httpx.MockTransport(refusing)
    said = contract(FILE)["errors"][status]["error"]["message"]
    kind: type[Exception] = Misconfigured if (name, status) == ("repository", "404") else KINDS[status]
    with pytest.raises(kind) as failed:
        await ask(bench.open(hook=True))
    assert said in str(failed.value) or kind is Misconfigured
    if status == "403":
        assert "required scopes: pullrequest:write" in str(failed.value)


async def test_a_plain_text_refusal_for_too_many_requests(bench: BitbucketBench) -> None:
    bench.wire.instead = httpx.Response(429, text="Rate limit for this resource has been exceeded")
    with pytest.raises(RateLimited, match="Rate limit for this resource"):
        await bench.open().pull_request(FIX)


async def test_a_repositorys_own_token_is_known_by_what_it_wrote(own_token: BitbucketBench) -> None:
    bench = own_token
    await bench.branch(FIX)
    first = bench.open()
    await first.check()
    number = (await first.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    await first.comment(number, "ours")
    await bench.say(number, "hers")
    # Another process, which wrote nothing yet, tells by the author of the pull request.
    for forge in (first, bench.open()):
        assert [said.by_us for said in await forge.comments(number)] == [True, False]
    by_hand = await bench.open_by_hand("main2", "main", "By hand") if await bench.branch("main2") else 0
    await bench.say(by_hand, "hers")
    assert [said.by_us for said in await bench.open().comments(by_hand)] == [False]
    check_bitbucket_requests(bench.wire.requests)
    assert all(request.headers["authorization"].startswith("Bearer ") for request in bench.wire.requests)


async def test_who_may_not_look_for_nicknames_is_told_of_uuids(own_token: BitbucketBench) -> None:
    await own_token.open(reviewers=[own_token.reviewer]).check()
    with pytest.raises(PermissionMissing, match="uuids, in braces"):
        await own_token.open(reviewers=["grace"]).check()
    await own_token.branch(FIX)
    await own_token.open().open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["grace"]))
    assert len(await own_token.pulls()) == 1


async def test_default_reviewers_are_asked_once_and_never_ourselves(bench: BitbucketBench) -> None:
    ours = bench.state.member("Boardhand")
    bench.repository.default_reviewers += [bench.state.member("ada"), ours]
    await bench.branch(FIX)
    forge = bench.open()
    await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["grace"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [("ada", "grace")]
    bench.repository.pulls[1].reviewers = [bench.state.member("grace")]
    await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "b", False))
    assert [pull.reviewers for pull in await bench.pulls()] == [("grace",)]


async def test_a_default_reviewer_who_is_gone_loses_no_pull_request(bench: BitbucketBench) -> None:
    bench.repository.default_reviewers.append(Account("long gone"))
    await bench.branch(FIX)
    made = await bench.open().open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
    assert [pull.number for pull in await bench.pulls()] == [made.number]


async def test_labels_are_said_to_be_none(bench: BitbucketBench) -> None:
    with pytest.raises(Misconfigured, match=r"no labels.*spec\.forge\.labels") as wrong:
        await bench.open(labels=["bot"]).check()
    assert wrong.value.reason == "LabelMissing"
    assert await bench.open().template() is None


async def test_two_that_bitbucket_let_through_become_one(bench: BitbucketBench) -> None:
    """Should it ever open a second one, the first is kept."""
    await bench.branch(FIX)
    forge = bench.open()
    inner = bench.wire.inner

    async def racing(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path == f"{ROOT}/pullrequests":
            first = bench.state.open_pull(bench.repository, bench.state.member("ada"), FIX, "main", "First")
            first.state = "HIDDEN"
            answer = await inner.handle_async_request(request)
            first.state = "OPEN"
            return answer
        return await inner.handle_async_request(request)

    bench.wire.inner = httpx.MockTransport(racing)
    made = await forge.open_pull_request(Proposal(FIX, "main", "Second", "b", False))
    assert made.number == 1
    assert [(one.id, one.state, one.title) for one in bench.repository.pulls.values()] == [
        (1, "OPEN", "Second"),
        (2, "DECLINED", "Second"),
    ]
    check_bitbucket_requests(bench.wire.requests)


async def test_one_of_a_fork_is_none_of_ours(bench: BitbucketBench) -> None:
    await bench.branch(FIX)
    await bench.open_by_hand(FIX, "main", "By hand")
    inner = bench.wire.inner

    async def forked(request: httpx.Request) -> httpx.Response:
        answer = await inner.handle_async_request(request)
        found = json.loads(await answer.aread())
        for fork, one in zip(({"uuid": "{fork}"}, None), found["values"] * 2, strict=False):
            one["source"]["repository"] = fork
        return httpx.Response(200, json=found)

    bench.wire.inner = httpx.MockTransport(forked)
    assert await bench.open().pull_request(FIX) is None


async def test_a_next_page_elsewhere_is_not_followed(bench: BitbucketBench) -> None:
    page = {"values": [], "next": "https://elsewhere.example/2.0/next"}
    bench.wire.instead = httpx.Response(200, json=page)
    with pytest.raises(Misconfigured, match=r"elsewhere\.example"):
        await bench.open().pull_request(FIX)
    assert {request.url.host for request in bench.wire.requests} == {"bitbucket.test"}


async def test_a_webhooks_address_that_bitbucket_does_not_take(bench: BitbucketBench) -> None:
    bench.wire.before = None
    inner = bench.wire.inner

    async def refusing(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json=contract(FILE)["errors"]["400"])
        return await inner.handle_async_request(request)

    bench.wire.inner = httpx.MockTransport(refusing)
    with pytest.raises(Misconfigured, match=r"spec\.forge\.webhook\.callbackUrl"):
        await bench.open(hook=True).subscribe()
    assert BitbucketBench.callback.startswith("https://")


@pytest.mark.parametrize(
    "clone", ["ssh://git@bitbucket.test/team/app.git", f"{SITE}/team/app", f"{SITE}/team/app.git/"]
)
async def test_clone_addresses(bench: BitbucketBench, clone: str) -> None:
    await bench.open(clone_url=clone).check()


async def test_the_vendors_own_site_needs_no_address(bench: BitbucketBench) -> None:
    forge = bench.open(url=None, clone_url="https://bitbucket.org/team/app.git")
    bench.wire.instead = httpx.Response(404, json=contract(FILE)["errors"]["404"])
    with pytest.raises(Misconfigured, match="team/app"):
        await forge.check()
    assert {str(request.url) for request in bench.wire.requests} == {
        "https://api.bitbucket.org/2.0/repositories/team/app"
    }


def test_words() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'
    assert api_of(None) == api_of("https://bitbucket.org/") == "https://api.bitbucket.org/2.0"
    assert api_of(f"{SITE}/") == f"{SITE}/2.0"
    errors = contract(FILE)["errors"]
    assert read_error(errors["400"]) == f"{errors['400']['error']['message']}; src: This field is required."
    assert read_error(errors["404"]) == "Repository not found; There is no API hosted at this URL."
    assert read_error(["no error"]) is None

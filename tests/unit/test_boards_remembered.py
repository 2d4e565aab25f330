"""What the transport does beyond plain requests: answers that are remembered, pages, credentials that change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
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
    RemoteUnavailable,
)
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.graphql import Graph
from boardhand_operator.http.limits import seconds_to_wait, spacing
from boardhand_operator.http.remembered import ANSWERS, BYTES
from boardhand_operator.http.transport import Authorization, Client, Connection
from boardhand_operator.vendors.github import graph as github_graph

VENDOR = Vendor("The board", "Make a new token.", "Give it the right.")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Server:
    """Answers by a function, and keeps what it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response], authorize: Authorization | None = None):
        self.requests: list[httpx.Request] = []
        self._answer = answer
        connection = Connection(transport=httpx.MockTransport(self._take))
        self.http = Client(VENDOR, "https://api.test/v1", {}, [], connection, authorize=authorize, sleep=self._wait)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request)

    async def _wait(self, _: float) -> None:
        return None


def tagged(request: httpx.Request) -> httpx.Response:
    tag = f'"{request.url}"'
    if request.headers.get("if-none-match") == tag:
        return httpx.Response(304)
    return httpx.Response(200, json=[str(request.url)], headers={"etag": tag})


async def test_what_did_not_change_is_given_again() -> None:
    server = Server(tagged)
    first = await server.http.get("look", "/issues", {"page": "1"}, remember=True)
    again = await server.http.get("look", "/issues", {"page": "1"}, remember=True)
    other = await server.http.get("look", "/issues", {"page": "2"}, remember=True)
    assert first == again != other
    assert ["if-none-match" in request.headers for request in server.requests] == [False, True, False]
    await server.http.get("look", "/issues", {"page": "1"})
    assert "if-none-match" not in server.requests[-1].headers


async def test_a_page_that_came_after_an_unchanged_one_is_read() -> None:
    grown = False

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"etag": '"a"'}
        if grown and "page" not in request.url.params:
            headers["link"] = '<https://api.test/v1/list?page=2>; rel="next"'
        if request.headers.get("if-none-match") and "page" not in request.url.params:
            return httpx.Response(304, headers=headers)
        return httpx.Response(200, json=[str(request.url.params)], headers=headers)

    server = Server(answer)
    assert [page async for page in server.http.pages("list", "/list", remember=True)] == [[""]]
    grown = True
    assert [page async for page in server.http.pages("list", "/list", remember=True)] == [[""], ["page=2"]]


async def test_only_so_many_answers_are_remembered() -> None:
    server = Server(tagged)
    for number in range(ANSWERS + 1):
        await server.http.get("look", f"/{number}", remember=True)
    await server.http.get("look", "/0", remember=True)
    assert "if-none-match" not in server.requests[-1].headers
    await server.http.get("look", f"/{ANSWERS}", remember=True)
    assert "if-none-match" in server.requests[-1].headers


async def test_a_large_answer_is_not_remembered() -> None:
    server = Server(lambda _: httpx.Response(200, json=["x" * BYTES], headers={"etag": '"a"'}))
    for _ in range(2):
        await server.http.get("look", "/", remember=True)
    assert "if-none-match" not in server.requests[-1].headers


async def test_an_unchanged_answer_that_was_not_asked_for_is_none() -> None:
    server = Server(lambda _: httpx.Response(304))
    with pytest.raises(RemoteUnavailable, match="was not asked that"):
        await server.http.get("look", "/")


def paged(last: int, host: str = "https://api.test") -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        link = (
            f'<{host}/v1/issues?page={page + 1}&q=a%2Cb>; title="x"; rel="next", <{host}/v1/issues?page=9>; rel="last"'
        )
        return httpx.Response(200, json=[page], headers={"link": link} if page < last else {})

    return answer


async def test_pages_are_read_as_each_names_the_next() -> None:
    server = Server(paged(3))
    assert [page async for page in server.http.pages("list", "/issues", {"labels": "bot"})] == [[1], [2], [3]]
    assert [str(request.url) for request in server.requests][:2] == [
        "https://api.test/v1/issues?labels=bot",
        "https://api.test/v1/issues?page=2&q=a%2Cb",
    ]


async def test_a_list_beyond_the_bound_is_not_taken_for_whole() -> None:
    with pytest.raises(RemoteUnavailable, match="more than 2 pages"):
        async for _ in Server(paged(3)).http.pages("list", "/issues", most=2):
            pass


async def test_a_page_at_another_host_gets_no_credentials() -> None:
    server = Server(paged(3, "https://evil.test"))
    with pytest.raises(Misconfigured, match=r"points to https://evil\.test"):
        async for _ in server.http.pages("list", "/issues"):
            pass
    assert len(server.requests) == 1


class Tokens:
    def __init__(self) -> None:
        self.number = 1

    async def __call__(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.number}"}

    def refused(self) -> None:
        self.number += 1


async def test_credentials_that_ran_out_are_made_anew_once() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201 if request.headers["authorization"] == "Bearer 2" else 401, json={"message": "old"})

    server = Server(answer, Tokens())
    assert await server.http.send("POST", "write", "/x", {"a": 1}) == {"message": "old"}
    assert [request.content for request in server.requests] == [b'{"a":1}'] * 2
    never = Server(lambda _: httpx.Response(401, json={"message": "no"}), Tokens())
    with pytest.raises(CredentialsRefused):
        await never.http.get("read", "/x")
    assert len(never.requests) == 2


async def test_a_query_is_asked_again_and_a_write_is_not() -> None:
    answers = [httpx.Response(503), httpx.Response(200, json={"data": {"a": 1}})]
    server = Server(lambda _: answers.pop(0))
    graph = Graph(server.http, "The board", "/graphql", lambda _: None)
    assert await graph.query("look", "query($n: Int) { a }", {"n": 1}) == {"a": 1}
    server = Server(lambda _: httpx.Response(503))
    graph = Graph(server.http, "The board", "/graphql", lambda _: None)
    with pytest.raises(RemoteUnavailable):
        await graph.mutate("write", "mutation { a }", {})
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"data": None, "errors": [{"type": "NOT_FOUND", "message": "no such item"}]}, NotFound),
        ({"errors": [{"type": "FORBIDDEN", "message": "no"}]}, PermissionMissing),
        ({"errors": [{"type": "RATE_LIMITED", "message": "slow"}]}, RateLimited),
        ({"errors": [{"message": "wrong"}]}, Rejected),
        ({"nothing": 1}, RemoteUnavailable),
        ([1], RemoteUnavailable),
    ],
)
async def test_errors_of_graphql(said: Any, error: type[Exception]) -> None:
    kinds: Any = {"NOT_FOUND": NotFound, "FORBIDDEN": PermissionMissing, "RATE_LIMITED": RateLimited}
    server = Server(lambda _: httpx.Response(200, json=said))
    hints: Any = {PermissionMissing: "Give the token the scope."}
    graph = Graph(server.http, "The board", "/graphql", lambda one: kinds.get(one.get("type")), hints)
    with pytest.raises(error) as failed:
        await graph.mutate("write", "mutation { a }", {})
    assert ("Give the token the scope" in str(failed.value)) is (error is PermissionMissing)


@pytest.mark.parametrize(
    "reset",
    [f"{NOW.timestamp() + 90:.0f}", f"{(NOW.timestamp() + 90) * 1000:.0f}", "90", "2026-11-23T12:01:30Z"],
)
def test_a_limit_that_is_used_up_says_when_it_begins_anew(reset: str) -> None:
    headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    assert seconds_to_wait(headers, NOW) == 90
    nearly = headers | {"x-ratelimit-remaining": "8"}
    assert (seconds_to_wait(nearly, NOW), spacing(nearly, NOW)) == (None, 10)
    assert spacing(headers | {"x-ratelimit-remaining": "30"}, NOW) == 0


def test_a_reset_is_measured_by_the_vendors_clock() -> None:
    theirs = datetime(2026, 11, 22, tzinfo=UTC)
    headers = {"ratelimit-remaining": "0", "ratelimit-reset": f"{theirs.timestamp() + 7:.0f}"}
    assert seconds_to_wait(headers | {"date": format_datetime(theirs)}, NOW) == 7


async def test_a_refusal_for_the_limit_is_no_missing_permission() -> None:
    for headers, wait in (({"retry-after": "60"}, 60), ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"}, 5)):
        refusing = Server(lambda _, headers=headers: httpx.Response(403, json={"message": "slow"}, headers=headers))  # type: ignore[misc]
        with pytest.raises(RateLimited) as limited:
            await refusing.http.send("POST", "write", "/", {})
        assert limited.value.retry_after == wait
    plain = Server(lambda _: httpx.Response(403, json={"message": "no"}, headers={"x-ratelimit-remaining": "7"}))
    with pytest.raises(PermissionMissing):
        await plain.http.send("POST", "write", "/", {})


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("90", 90.0),
        (" 90 ", 90.0),
        ("1.5", 1.5),
        ("5, 120", 120.0),
        ("soon", 40.0),
        ("-5", 40.0),
        ("", 40.0),
        ("0", 0.0),
    ],
)
def test_a_wait_in_any_form_is_heeded_and_one_that_is_none_hides_no_other(told: str, wait: float) -> None:
    """A proxy doubles a header, a vendor writes fractions."""
    reset = str(int(NOW.timestamp()) + 40)
    headers = {"retry-after": told, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    assert seconds_to_wait(headers, NOW) == wait


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("left", [{}, {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4000"}])
async def test_a_limit_that_is_told_in_words_alone_is_no_missing_permission(status: int, left: dict[str, str]) -> None:
    """GitHub's secondary one: a minute at least
    (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit)."""
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    server = Server(lambda _: httpx.Response(status, json=said, headers=left))
    with pytest.raises(RateLimited) as limited:
        await server.http.send("POST", "comment", "/comments", {})
    assert limited.value.retry_after == 60.0


async def test_an_answer_that_is_pushed_out_while_it_is_asked_for_is_not_lost() -> None:
    """The board's poll and the care for pull requests ask side by side."""
    waiting, go_on = asyncio.Event(), asyncio.Event()
    large = "x" * (BYTES // 5)

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match"):
            waiting.set()
            await go_on.wait()
            return httpx.Response(304)
        return httpx.Response(200, json=[str(request.url), large], headers={"etag": '"1"'})

    connection = Connection(transport=httpx.MockTransport(answer))
    http = Client(VENDOR, "https://api.test/v1", {}, [], connection)
    first = await http.get("look", "/first", remember=True)
    again = asyncio.create_task(http.get("look", "/first", remember=True))
    await waiting.wait()
    for number in range(6):
        await http.get("look", f"/other/{number}", remember=True)
    go_on.set()
    assert await again == first


async def test_graphql_tells_a_secondary_limit_by_words_alone() -> None:
    said = {"errors": [{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}]}
    server = Server(lambda _: httpx.Response(200, json=said))
    with pytest.raises(RateLimited) as limited:
        await Graph(server.http, "GitHub", "/graphql", github_graph.kind_of).query("look", "{ a }", {})
    assert limited.value.retry_after == 60.0

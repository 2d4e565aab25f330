"""Lists whose pages never end, since their cursor stays the same or nobody heeds what is to be left out."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from boardhand_operator.boards.azure import items, people
from boardhand_operator.boards.azure.items import Items
from boardhand_operator.boards.github import repository as github_repository
from boardhand_operator.boards.github.repository import Repository
from boardhand_operator.boards.linear import client
from boardhand_operator.boards.linear.client import LinearClient
from boardhand_operator.boards.linear.entered import whole_history
from boardhand_operator.boards.linear.pages import Pages
from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.forges.azure import at as azure_at
from boardhand_operator.forges.azure import pulls as azure_pulls
from boardhand_operator.forges.azure import said
from boardhand_operator.forges.azure.people import People
from boardhand_operator.forges.gitea import at as gitea_at
from boardhand_operator.forges.gitea import checks as gitea_checks
from boardhand_operator.forges.gitea import pulls as gitea_pulls
from boardhand_operator.forges.github import at
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.reviews import Judgement, LineComment
from boardhand_operator.vendors.azure.client import AzureClient
from boardhand_operator.vendors.gitea import pages as gitea_pages
from boardhand_operator.vendors.gitea.pages import Pages as GiteaPages

VENDOR = Vendor("Vendor", "", "")
PAGE = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "the same"}}
LINEAR = {
    "data": {"issue": {"comments": PAGE, "history": PAGE}, "issues": PAGE, "teams": {"nodes": [{"members": PAGE}]}}
}
AZURE = {
    "value": [{"id": 1}] * items.BATCH,
    "comments": [{"id": 1}],
    "continuationToken": "the same",
    "changeEntries": [],
    "nextSkip": 1,
}
FEW = 5


def network(body: Any) -> Connection:
    left = iter(range(4 * FEW))

    def answer(_: httpx.Request) -> httpx.Response:
        assert next(left, None) is not None, "asked without end"
        return httpx.Response(200, json=body)

    return Connection(transport=httpx.MockTransport(answer))


def linear() -> LinearClient:
    return LinearClient(VENDOR, "https://linear.test", "token", network(LINEAR), "")


def azure() -> AzureClient:
    return AzureClient(VENDOR, "https://azure.test", "token", network(AZURE))


def forge() -> azure_at.At:
    return azure_at.At(azure(), azure_at.Place("acme", "shop", "shop"), "", "main", "secret")


def github() -> at.At:
    http = Client(VENDOR, "https://github.test", {}, [], network([{}] * 100))
    return at.At(http, None, "", "team", "shop", "main", "secret")  # type: ignore[arg-type]


def repository(size: int) -> Repository:
    """Whose pages name no next one: those that did not change may have got one."""
    return Repository(Client(VENDOR, "https://github.test", {}, [], network([{}] * size)), "", "team", "shop")


def gitea() -> gitea_at.At:
    numbers = itertools.count()
    left = iter(range(4 * FEW))

    def answer(asked: httpx.Request) -> httpx.Response:
        assert next(left, None) is not None, "asked without end"
        if asked.url.path.endswith("/settings/api"):
            return httpx.Response(200, json={"max_response_items": 2})
        if asked.url.path.endswith("/status"):
            statuses = [{"context": f"ci/{next(numbers)}", "status": "success"} for _ in range(2)]
            return httpx.Response(200, json={"statuses": statuses})
        end = {"repo_id": 1, "ref": "other"}
        return httpx.Response(200, json=[{"id": next(numbers), "number": 1, "head": end, "base": end} for _ in "ab"])

    http = Client(VENDOR, "https://gitea.test", {}, [], Connection(transport=httpx.MockTransport(answer)))
    return gitea_at.At(http, GiteaPages(http, "team", "shop"), "team/shop", "main", "secret")


LISTS: dict[str, Callable[[], Awaitable[Any]]] = {
    "linear comments": lambda: Pages(linear(), "SHOP", "Ready").comments("i", PAGE),
    "linear issues": lambda: Pages(linear(), "SHOP", "Ready").ready(PAGE),
    "linear people": lambda: Pages(linear(), "SHOP", "Ready").people(),
    "linear history": lambda: whole_history(linear(), "i", PAGE),
    "azure updates": lambda: Items(azure(), "shop", markdown=True).updates("1"),
    "azure comments": lambda: Items(azure(), "shop", markdown=True).comments("1"),
    "azure people": lambda: people.people_of(azure(), "shop", ["team"]),
    "azure changes": lambda: said.write_review(
        forge(), People(forge()), 1, "text", Judgement.COMMENTED, [LineComment("a", 1, "b")]
    ),
    "github list": lambda: github().all("read", "/pulls"),
    "github issues": lambda: repository(50).all("read", "/issues", remember=True),
    "azure pull requests": lambda: azure_pulls.find(forge(), "main", "work"),
    "gitea list": lambda: gitea().pages.all("read", "/issues"),
    "gitea pull requests": lambda: gitea_pulls.find(gitea(), "release/1", "work"),
    "gitea checks": lambda: gitea_checks.read(gitea(), "c0ffee"),
}


@pytest.mark.parametrize("which", LISTS)
async def test_a_list_that_never_ends_is_given_up(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client, items, people, at, said, azure_at, github_repository, gitea_pages, gitea_checks):
        monkeypatch.setattr(module, "PAGES", FEW, raising=False)
    with pytest.raises(RemoteUnavailable, match=r"more than \d+ pages"):
        await LISTS[which]()


@pytest.mark.parametrize("date", ["", "today", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
async def test_a_clock_that_linear_does_not_tell_is_taken_for_ours(date: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=LINEAR, headers={"date": date}))
    board = LinearClient(VENDOR, "https://linear.test", "token", Connection(transport=transport), "")
    assert await board.query("read", "query a { b }", {}) == LINEAR["data"]
    assert board.ahead == 0

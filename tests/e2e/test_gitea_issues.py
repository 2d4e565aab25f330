"""GiteaIssues on the testbed's Gitea: the cases of every board; each request is held to Forgejo's swagger file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_api import pool
from boardhand_operator.boards.gitea.board import GiteaIssues
from boardhand_operator.errors import Misconfigured, PermissionMissing, RemoteUnavailable
from boardhand_operator.transport import Connection
from testbed.forge.info import ForgeInfo
from testbed.forge.seed import reset_repository
from testbed.forge.server import default_address, up
from testbed.plan import plan_from_environment
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW, BoardBehaviour
from tests.contract.board_wires import Wire
from tests.contract.forge_requests import check_forge_requests
from tests.contract.serving import serving

pytestmark = pytest.mark.e2e
NAME = "board-behaviour"
PASSWORD = "of-the-testbeds-own-accounts-1"
LEAST = ["read:user", "read:repository", "write:issue"]


@dataclass
class Faulty(httpx.AsyncBaseTransport):
    """Passes requests on, but for those that a fault strikes, as the stand-ins' switches do."""

    inner: httpx.AsyncBaseTransport
    faults: list[dict[str, Any]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for fault in self.faults:
            if re.search(fault["match"], f"{request.method} {request.url.path}") and fault.get("times", 1) > 0:
                fault["times"] = fault["times"] - 1 if "times" in fault else 1
                if fault.get("after"):
                    await (await self.inner.handle_async_request(request)).aclose()
                return httpx.Response(fault["status"], headers=fault.get("headers"), json={"message": "a fault"})
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class RealBench:
    """A fresh repository at the testbed's Gitea, in which its administrator is the person."""

    info: ForgeInfo
    tokens: dict[str, str]
    admin: httpx.AsyncClient
    us: httpx.AsyncClient
    faulty: Faulty
    wire: Wire
    labels: dict[str, int]

    secret = "shop-gitea"
    comment_written, moved, page = "POST .*/comments$", "POST .*/labels$", 55

    def __post_init__(self) -> None:
        self.person = self.info.admin_user

    def open(self, *, token: str | None = None, **spec: Any) -> GiteaIssues:
        fields = {"type": "gitea", "board": f"{self.info.organisation}/{NAME}", "url": self.info.base_url}
        wanted = pool.Board.model_validate(fields | {"secretRef": {"name": self.secret}} | spec)
        credentials = {"token": token or self.tokens["issues-bot"], "webhookSecret": "a-secret-of-ours"}
        return GiteaIssues(wanted, credentials, Connection(transport=self.wire))

    def reader_token(self) -> str:
        return self.tokens["issues-reader"]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        ids = [self.labels[name] for name in (column, label) if name]
        return str((await self.call("POST", "/issues", title=title, body=body, labels=ids))["number"])

    async def put(self, ticket: str, column: str) -> None:
        for name in (READY, DOING, REVIEW, DONE):
            await self.call("DELETE", f"/issues/{ticket}/labels/{self.labels[name]}")
        await self.add(ticket, column)

    async def add(self, ticket: str, column: str) -> None:
        await self.call("POST", f"/issues/{ticket}/labels", labels=[self.labels[column]])

    async def edit(self, ticket: str, title: str, body: str) -> None:
        await self.call("PATCH", f"/issues/{ticket}", title=title, body=body)

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        who = self.us if by_us else self.admin
        assert (await who.post(f"/issues/{ticket}/comments", json={"body": text})).status_code == 201

    async def said(self, ticket: str) -> list[str]:
        return [comment["body"] for comment in await self.call("GET", f"/issues/{ticket}/comments")]

    async def delete(self, ticket: str) -> None:
        await self.call("DELETE", f"/issues/{ticket}")

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        await self.call("PATCH", f"/issues/{ticket}", state="open" if back else "closed")

    async def rename(self, column: str, name: str) -> None:
        await self.call("PATCH", f"/labels/{self.labels[column]}", name=name)

    async def fault(self, **fault: Any) -> None:
        self.faulty.faults.append(fault)

    async def call(self, method: str, path: str, **body: Any) -> Any:
        answer = await self.admin.request(method, path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def info() -> ForgeInfo:
    plan = plan_from_environment()
    return up(plan, default_address(plan))


@pytest.fixture(scope="module")
def tokens(info: ForgeInfo) -> dict[str, str]:
    """Of accounts made for this: one that is to write issues, one that may only read them."""
    made = {}
    with httpx.Client(base_url=f"{info.base_url}/api/v1", trust_env=False) as http:
        for name in ("issues-bot", "issues-reader"):
            headers = {"authorization": f"token {info.admin_token}"}
            account = {"username": name, "email": f"{name}@boardhand.invalid", "password": PASSWORD}
            http.delete(f"/admin/users/{name}?purge=true", headers=headers)
            answer = http.post("/admin/users", headers=headers, json=account | {"must_change_password": False})
            assert answer.status_code == 201, answer.text
            wanted = {"name": "issues", "scopes": LEAST}
            answer = http.post(f"/users/{name}/tokens", auth=(name, PASSWORD), json=wanted)
            assert answer.status_code == 201, answer.text
            made[name] = str(answer.json()["sha1"])
            wanted = {"name": "reading", "scopes": ["read:user", "read:repository", "read:issue"]}
            answer = http.post(f"/users/{name}/tokens", auth=(name, PASSWORD), json=wanted)
            made[f"{name}-reading"] = str(answer.json()["sha1"])
    return made


@pytest.fixture
async def bench(info: ForgeInfo, tokens: dict[str, str]) -> AsyncIterator[RealBench]:
    reset_repository(info, NAME, {"README.md": "hello"})
    faulty = Faulty(httpx.AsyncHTTPTransport())
    base = f"{info.base_url}/api/v1/repos/{info.organisation}/{NAME}"
    async with (
        client(base, info.admin_token) as admin,
        client(base, tokens["issues-bot"]) as us,
    ):
        made = RealBench(info, tokens, admin, us, faulty, Wire(faulty), {})
        for name, may in (("issues-bot", "write"), ("issues-reader", "read")):
            await made.call("PUT", f"/collaborators/{name}", permission=may)
        for name in (READY, DOING, REVIEW, DONE, "bot"):
            made.labels[name] = (await made.call("POST", "/labels", name=name, color="#00aabb"))["id"]
        yield made
    await faulty.aclose()
    check_forge_requests(made.wire.requests)


def client(base: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base, headers={"authorization": f"token {token}"}, timeout=30, trust_env=False)


class TestRealGitea(BoardBehaviour):
    """All of it."""


async def test_of_two_column_labels_the_one_put_on_last_counts(bench: RealBench) -> None:
    board, ticket = bench.open(), await bench.ticket()
    await bench.add(ticket, DOING)
    assert await board.column_of(ticket) == DOING
    back = await bench.ticket("back", DOING)
    await bench.add(back, READY)
    look = await board.look([DOING])
    assert [card.id for card in look.ready] == [back]
    assert look.members == {READY: {back}, DOING: {ticket}}
    await bench.fault(match="DELETE", status=500, times=1)
    with pytest.raises(RemoteUnavailable):
        await board.move(back, REVIEW)
    assert await board.column_of(back) == REVIEW
    await board.move(back, REVIEW)
    assert (await board.look([DOING])).members == {READY: set(), DOING: {ticket}}
    await board.aclose()


async def test_people_are_those_who_may_write(bench: RealBench) -> None:
    people = set((await bench.open().people()).values())
    assert "issues-bot" in people
    assert "issues-reader" not in people


async def test_a_webhook_is_made_once_and_only_by_who_may(bench: RealBench) -> None:
    hook = {"callbackUrl": "http://127.0.0.1:9/webhooks/team/shop"}
    with pytest.raises(PermissionMissing, match="for webhooks write:repository too"):
        await bench.open(webhook=hook).subscribe()
    board = bench.open(webhook=hook, token=bench.info.admin_token)
    for _ in range(2):
        await board.subscribe()
    (made,) = await bench.call("GET", "/hooks")
    assert {"issues", "issue_label", "issue_comment"} <= set(made["events"])
    await bench.call("PATCH", f"/hooks/{made['id']}", active=False)
    await board.subscribe()
    (again,) = await bench.call("GET", "/hooks")
    assert again["active"]
    assert {"issues", "issue_label", "issue_comment"} <= set(again["events"])
    await board.aclose()


async def test_a_call_of_gitea_is_known_by_its_signature(bench: RealBench) -> None:
    calls: list[tuple[dict[str, str], bytes]] = []

    async def heard(request: Request) -> Response:
        calls.append((dict(request.headers), await request.body()))
        return Response()

    async with serving(Starlette(routes=[Route("/hook", heard, methods=["POST"])])) as site:
        board = bench.open(webhook={"callbackUrl": f"{site}/hook"}, token=bench.info.admin_token)
        await board.subscribe()
        ticket = await bench.ticket()
        await bench.put(ticket, DOING)
        await bench.say(ticket, "grüße 🚀")
        async with asyncio.timeout(20):
            while {"issue_label", "issue_comment"} - {headers.get("x-gitea-event-type") for headers, _ in calls}:
                await asyncio.sleep(0.05)
        for headers, body in list(calls):
            assert board.signed(headers, body)
            assert not board.signed(headers, body + b" ")
        await bench.call("DELETE", f"/hooks/{(await bench.call('GET', '/hooks'))[0]['id']}")
        await board.aclose()


async def test_the_check_says_what_token_and_account_lack(bench: RealBench) -> None:
    before = await bench.call("GET", "/labels")
    with pytest.raises(PermissionMissing, match="the right to write issues"):
        await bench.open(token=bench.reader_token()).check()
    with pytest.raises(PermissionMissing, match=r"required=\[write:issue\]"):
        await bench.open(token=bench.tokens["issues-bot-reading"]).check()
    with pytest.raises(PermissionMissing, match=r"required=\[read:user\]"):
        await bench.open(token=bench.info.read_token).check()
    await bench.open().check()
    assert await bench.call("GET", "/labels") == before


async def test_a_label_that_is_gone(bench: RealBench) -> None:
    board, ticket = bench.open(), await bench.ticket()
    await board.look([DOING])
    await bench.call("DELETE", f"/labels/{bench.labels[DOING]}")
    for call in (board.look([DOING]), board.move(ticket, DOING)):
        with pytest.raises(Misconfigured, match="no label 'In Progress'"):
            await call
    await board.aclose()

"""GiteaIssues on the testbed's Gitea: the cases of every board; each request is held to Forgejo's swagger file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_api import pool
from boardhand_operator.boards.gitea.board import GiteaIssues
from boardhand_operator.errors import Misconfigured, PermissionMissing, RemoteUnavailable
from testbed.forge.info import ForgeInfo
from testbed.forge.seed import reset_repository
from testbed.forge.server import default_address, up
from testbed.gitea.hook_call import hook_call
from testbed.plan import plan_from_environment
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW, BoardBehaviour
from tests.contract.board_bench import NO_CHECKLISTS
from tests.contract.board_wires import Wire
from tests.contract.forge_requests import check_forge_requests
from tests.contract.serving import serving
from tests.e2e.gitea_wire import Faulty, RealGitea, client

pytestmark = pytest.mark.e2e
NAME = "board-behaviour"
PASSWORD = "of-the-testbeds-own-accounts-1"
CALLBACK, HOOK_SECRET = "http://127.0.0.1:9/webhooks/team/shop", "a-secret-of-ours"
LEAST = ["read:user", "read:repository", "write:issue"]


@dataclass
class RealBench(RealGitea):
    """A fresh repository at the testbed's Gitea, in which its administrator is the person."""

    info: ForgeInfo
    tokens: dict[str, str]
    us: httpx.AsyncClient
    labels: dict[str, int]

    secret = "shop-gitea"
    comment_written, moved, subscribed = "POST .*/comments$", "POST .*/labels$", "POST .*/hooks$"
    callback = CALLBACK
    page, full_page, nowhere = 55, 50, "demo/nothing-of-the-kind"
    checklists = NO_CHECKLISTS
    has, markup, signs_body, filter = frozenset({"attachments", "edits"}), "markdown", True, ""

    def __post_init__(self) -> None:
        self.person = self.info.admin_user

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> GiteaIssues:
        fields = {"type": "gitea", "board": f"{self.info.organisation}/{NAME}", "url": self.info.base_url}
        if hook:
            spec, token = {"webhook": {"callbackUrl": CALLBACK}} | spec, token or self.info.admin_token
        wanted = pool.Board.model_validate(fields | {"secretRef": {"name": self.secret}} | spec)
        credentials = {"token": token or self.tokens["issues-bot"], "webhookSecret": HOOK_SECRET}
        return GiteaIssues(wanted, credentials, self.connection)

    def reader_token(self) -> str:
        return self.tokens["issues-reader"]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        ids = [self.labels[name] for name in (column, label) if name]
        return str((await self.ask("POST", "/issues", title=title, body=body, labels=ids))["number"])

    async def put(self, ticket: str, column: str) -> None:
        for name in (READY, DOING, REVIEW, DONE):
            await self.ask("DELETE", f"/issues/{ticket}/labels/{self.labels[name]}")
        await self.add(ticket, column)

    async def add(self, ticket: str, column: str) -> None:
        await self.ask("POST", f"/issues/{ticket}/labels", labels=[self.labels[column]])

    async def edit(self, ticket: str, title: str, body: str) -> None:
        await self.ask("PATCH", f"/issues/{ticket}", title=title, body=body)

    async def stranger(self) -> None:
        """Somebody moves them in who may write for that moment alone: the person is the administrator."""
        await self.ask("PUT", "/collaborators/issues-reader", permission="write")
        label = self.labels[READY]
        for issue in await self.ask("GET", f"/issues?type=issues&labels={quote(READY)}"):
            await self.ask("DELETE", f"/issues/{issue['number']}/labels/{label}")
            async with client(str(self.admin.base_url), self.tokens["issues-reader"]) as them:
                answer = await them.post(f"/issues/{issue['number']}/labels", json={"labels": [label]})
                assert answer.status_code == 200, answer.text
        await self.ask("PUT", "/collaborators/issues-reader", permission="read")

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        who = self.us if by_us else self.admin
        assert (await who.post(f"/issues/{ticket}/comments", json={"body": text})).status_code == 201

    async def said(self, ticket: str) -> list[str]:
        return [comment["body"] for comment in await self.ask("GET", f"/issues/{ticket}/comments")]

    async def delete(self, ticket: str) -> None:
        await self.ask("DELETE", f"/issues/{ticket}")

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        await self.ask("PATCH", f"/issues/{ticket}", state="open" if back else "closed")

    async def rename(self, column: str, name: str) -> None:
        await self.ask("PATCH", f"/labels/{self.labels[column]}", name=name)

    async def archive_column(self, column: str) -> bool:
        await self.ask("PATCH", f"/labels/{self.labels[column]}", is_archived=True)
        return True

    def stored(self, markdown: str) -> str:
        return markdown

    async def furnish(self, ticket: str) -> None:
        files = {"attachment": ("plan.pdf", b"%PDF-1.4 a plan", "application/pdf")}
        answer = await self.admin.post(f"/issues/{ticket}/assets", files=files)
        assert answer.status_code == 201, answer.text

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        return hook_call(secret or HOOK_SECRET, "issue_label", {"action": "label_updated", "text": "grüße 🚀"})

    async def hooks(self) -> int:
        return await self.hooks_to(CALLBACK)


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
        made = RealBench(admin, faulty, Wire(faulty), info, tokens, us, {})
        for name, may in (("issues-bot", "write"), ("issues-reader", "read")):
            await made.ask("PUT", f"/collaborators/{name}", permission=may)
        for name in (READY, DOING, REVIEW, DONE, "bot"):
            made.labels[name] = (await made.ask("POST", "/labels", name=name, color="#00aabb"))["id"]
        yield made
    await faulty.aclose()
    check_forge_requests(made.wire.requests)


class TestRealGitea(BoardBehaviour):
    """All of it."""

    vendor = "gitea"


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
    (made,) = await bench.ask("GET", "/hooks")
    assert {"issues", "issue_label", "issue_comment"} <= set(made["events"])
    await bench.ask("PATCH", f"/hooks/{made['id']}", active=False)
    await board.subscribe()
    (again,) = await bench.ask("GET", "/hooks")
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
        await bench.ask("DELETE", f"/hooks/{(await bench.ask('GET', '/hooks'))[0]['id']}")
        await board.aclose()


async def test_the_check_says_what_token_and_account_lack(bench: RealBench) -> None:
    before = await bench.ask("GET", "/labels")
    with pytest.raises(PermissionMissing, match="the right to write issues"):
        await bench.open(token=bench.reader_token()).check()
    with pytest.raises(PermissionMissing, match=r"required=\[write:issue\]"):
        await bench.open(token=bench.tokens["issues-bot-reading"]).check()
    with pytest.raises(PermissionMissing, match=r"required=\[read:user\]"):
        await bench.open(token=bench.info.read_token).check()
    await bench.open().check()
    assert await bench.ask("GET", "/labels") == before


async def test_a_label_that_is_gone(bench: RealBench) -> None:
    board, ticket = bench.open(), await bench.ticket()
    await board.look([DOING])
    await bench.ask("DELETE", f"/labels/{bench.labels[DOING]}")
    for call in (board.look([DOING]), board.move(ticket, DOING)):
        with pytest.raises(Misconfigured, match="no label 'In Progress'"):
            await call
    await board.aclose()

"""The Gitea stand-in behaves as the real one does: the tests that e2e runs at a real Gitea."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from boardhand_operator.forges.gitea import forge as gitea
from testbed.gitea.app import create_app
from testbed.gitea.state import GiteaState, Token
from tests.contract.board_wires import Wire
from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.forge_requests import check_forge_requests

SITE, NAME = "http://gitea.test", "team/app"


@dataclass
class StandinBench:
    """A fresh repository at the stand-in, in this process."""

    admin: httpx.AsyncClient
    levers: httpx.AsyncClient
    wire: Wire

    base_url, full_name, clone_url = SITE, NAME, f"{SITE}/{NAME}.git"
    token, read_token, login = "a-token", "a-read-token", "bot"

    async def branch(self, name: str, base: str = "main") -> None:
        await self.lever("push", repository=NAME, branch=name, commit=name.encode().hex()[:40].ljust(40, "0"))

    async def same_branch(self, name: str) -> None:
        await self.lever("push", repository=NAME, branch=name, commit=f"{1:040x}")

    async def change(self, *, archived: bool = False, pull_requests: bool = True) -> None:
        await self.lever("repositories", name=NAME, archived=archived, pull_requests=pull_requests)

    async def empty(self) -> str:
        return str((await self.lever("repositories", name="team/empty", empty=True))["cloneUrl"])

    async def lever(self, what: str, **body: object) -> dict[str, object]:
        answer = await self.levers.post(f"/_testbed/{what}", json=body)
        assert answer.is_success, answer.text
        found: dict[str, object] = answer.json()
        return found


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandinBench]:
    monkeypatch.setattr(gitea, "PATIENCE", (0.2, 0.2))
    tokens = {"a-token": Token("bot", True), "a-read-token": Token("bot", False), "admin": Token("admin", True)}
    state = GiteaState(tokens, SITE)
    state.add_repository(NAME)
    transport = httpx.ASGITransport(create_app(state))
    headers = {"authorization": "token admin"}
    base = f"{SITE}/api/v1/repos/{NAME}"
    async with (
        httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as admin,
        httpx.AsyncClient(transport=transport, base_url=SITE) as levers,
    ):
        made = StandinBench(admin, levers, Wire(transport))
        yield made
    check_forge_requests(made.wire.requests)


class TestStandin(ForgeBehaviour):
    """All of it."""

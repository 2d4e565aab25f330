"""The bench of a plain git remote: git's own server program, asked over http in this process."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from boardhand_api import pool
from boardhand_operator.forges import Forge, open_forge
from boardhand_operator.http.transport import Connection
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from tests.contract.about import BRANCHES_ONLY
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull

SITE = "https://git.test"
GIT = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"]
TOKENS = {"good-token-0123": 200, "stranger-token-0123": 403}


@dataclass
class GitBench:
    """A fresh repository, app.git, below a folder."""

    folder: Path
    wire: Wire
    has: frozenset[str] = frozenset({BRANCHES_ONLY})
    secret, person, label, reviewer = "shop-git", "ann", "", ""
    opened = edited = commented = subscribed = "^$"
    callback = ""
    body_limit, full_page, signs_body = 0, 0, False
    clone_url, nowhere = f"{SITE}/app.git", f"{SITE}/nothing.git"

    @classmethod
    def fresh(cls, folder: Path) -> GitBench:
        made = cls(folder, Wire(httpx.MockTransport(lambda request: answered(folder, request))))
        made.git("init", "-q", "-b", "main")
        made.git("commit", "-q", "--allow-empty", "-m", "first")
        return made

    def git(self, *arguments: str, name: str = "app") -> str:
        """What a client or an owner does to the repository."""
        where = self.folder / f"{name}.git"
        where.mkdir(exist_ok=True)
        done = subprocess.run([*GIT, "-C", str(where), *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def open(
        self,
        *,
        token: str | None = None,
        hook: bool = False,
        branch: str = "main",
        clone_url: str | None = None,
        **spec: Any,
    ) -> Forge:
        assert not hook, "a plain remote calls nobody"
        where = {"url": clone_url or self.clone_url, "branch": branch, "pushSecretRef": {"name": "push"}}
        return open_forge(
            pool.Forge.model_validate({"type": "git", "secretRef": {"name": self.secret}, **spec}),
            pool.Repository.model_validate(where),
            {"username": "ann", "token": token or "good-token-0123"},
            Connection(transport=self.wire),
        )

    def reader_token(self) -> str:
        """Of an account that may not even look: the forge's credentials are for nothing but reading."""
        return "stranger-token-0123"

    async def branch(self, name: str, base: str = "main") -> str:
        commit = self.git("commit-tree", f"{base}^{{tree}}", "-p", base, "-m", f"for {name}")
        self.git("update-ref", f"refs/heads/{name}", commit)
        return commit

    async def same_branch(self, name: str) -> None:
        self.git("update-ref", f"refs/heads/{name}", "main")

    async def pulls(self, state: str = "all") -> list[Pull]:
        assert state in ("all", "open")
        return []

    async def archive(self) -> bool:
        return False

    async def switch_off(self) -> bool:
        return False

    async def empty(self) -> str:
        self.git("init", "-q", "-b", "main", name="empty")
        return f"{SITE}/empty.git"

    async def rename_branch(self, name: str, to: str) -> None:
        self.git("branch", "-m", name, to)

    # There are no pull requests, and nothing of theirs: no case comes so far

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        raise AssertionError(secret)

    async def hooks(self) -> int:
        raise AssertionError

    async def fault(self, **fault: Any) -> None:
        raise AssertionError(fault)

    async def clock(self, seconds: float) -> None:
        raise AssertionError(seconds)

    async def template(self, text: str) -> None:
        raise AssertionError(text)

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        raise AssertionError((head, base, title))

    async def close(self, number: int) -> None:
        raise AssertionError(number)

    async def reopen(self, number: int) -> None:
        raise AssertionError(number)

    async def merge(self, number: int) -> None:
        raise AssertionError(number)

    async def put_label(self, number: int, label: str) -> None:
        raise AssertionError((number, label))

    async def say(self, number: int, text: str) -> None:
        raise AssertionError((number, text))

    async def said(self, number: int) -> list[str]:
        raise AssertionError(number)

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        raise AssertionError((number, judgement, text, lines))

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        raise AssertionError((commit, name, state))


def answered(folder: Path, request: httpx.Request) -> httpx.Response:
    """As a web server in front of `git http-backend` does."""
    given = request.headers.get("authorization", "").removeprefix("Basic ")
    username, _, token = base64.b64decode(given).decode().partition(":")
    status = TOKENS.get(token, 401) if username == "ann" else 401
    name, _, rest = request.url.path.strip("/").partition("/")
    if status == 200 and not (folder / name).is_dir():
        status = 404
    if status != 200:
        return httpx.Response(status, text="Not so")
    assert (request.method, rest, request.url.params["service"]) == ("GET", "info/refs", "git-upload-pack")
    command = ["git", "upload-pack", "--http-backend-info-refs", str(folder / name)]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    return httpx.Response(200, content=b"001e# service=git-upload-pack\n0000" + said)

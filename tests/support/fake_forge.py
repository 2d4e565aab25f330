"""A forge in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from boardhand_api.run import PullRequest
from boardhand_operator.errors import NotFound
from boardhand_operator.lost_pod import Head
from tests.support.fuse import Fuse


@dataclass
class FakeForge:
    """Branches, and every pull request that was opened."""

    fuse: Fuse = field(default_factory=Fuse)
    branches: set[str] = field(default_factory=set)
    opened: list[tuple[str, PullRequest]] = field(default_factory=list)
    """Branch and pull request."""
    bodies: dict[int, str] = field(default_factory=dict)

    credential_keys: ClassVar[tuple[str, ...]] = ()
    pull_requests: ClassVar[bool] = True

    async def check(self) -> None:
        async with self.fuse.call("check the forge"):
            return

    async def head(self, branch: str) -> Head | None:
        async with self.fuse.call("read a branch"):
            at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=365)
            return Head("b" * 40, at) if branch in self.branches else None

    async def pull_request(self, head: str) -> PullRequest | None:
        async with self.fuse.call("find a pull request"):
            return self._open(head)

    async def open_pull_request(self, head: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        async with self.fuse.call("open a pull request"):
            if head not in self.branches:
                raise NotFound("Forge", f"open a pull request of {head}", "there is no such branch")
            found = self._open(head)
            if found is None:
                number = len(self.opened) + 1
                found = PullRequest(url=f"http://forge.test/pulls/{number}", number=number, draft=draft)
                self.opened.append((head, found))
            self.bodies[found.number] = f"{title}\n\n{body}"
            return found

    async def comment(self, number: int, text: str) -> None:
        async with self.fuse.call("comment on a pull request"):
            return

    async def aclose(self) -> None:
        return

    def _open(self, head: str) -> PullRequest | None:
        return next((request for branch, request in self.opened if branch == head), None)

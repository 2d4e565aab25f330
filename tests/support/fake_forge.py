"""A forge in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.errors import Misconfigured, NotFound
from boardhand_operator.forges import Proposal
from boardhand_operator.reviews import Check, Judgement, LineComment, Review
from tests.support.fuse import Fuse


@dataclass
class FakeForge:
    """Branches, and every pull request that was opened."""

    fuse: Fuse = field(default_factory=Fuse)
    branches: set[str] = field(default_factory=set)
    opened: list[tuple[str, PullRequest]] = field(default_factory=list)
    """Branch and pull request."""
    fates: dict[int, PullRequest] = field(default_factory=dict)
    """What became of each, as it is looked after."""
    bodies: dict[int, str] = field(default_factory=dict)
    wanted: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    """Labels and reviewers that were asked for last."""
    said: dict[int, list[str]] = field(default_factory=dict)
    judged: dict[int, list[Review]] = field(default_factory=dict)
    ci: dict[str, list[Check]] = field(default_factory=dict)
    form: str | None = None
    """The pull-request template."""
    subscribed: int = 0
    """How often a webhook was seen to."""
    renewed: list[str] = field(default_factory=list)
    """Addresses of webhooks that became another one."""
    unreachable: bool = False
    """Whether the forge cannot reach the webhook's address."""

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

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        async with self.fuse.call("open a pull request"):
            if wanted.head not in self.branches:
                raise NotFound("Forge", f"open a pull request of {wanted.head}", "there is no such branch")
            found = self._open(wanted.head)
            if found is None:
                number = len(self.opened) + 1
                found = PullRequest(url=f"http://forge.test/pulls/{number}", number=number, draft=wanted.draft)
                self.opened.append((wanted.head, found))
                self.fates[number] = found
            self.bodies[found.number] = f"{wanted.title}\n\n{wanted.body}"
            self.wanted[found.number] = (tuple(wanted.labels), tuple(wanted.reviewers))
            return found

    async def followed(self, number: int) -> PullRequest:
        async with self.fuse.call("read a pull request"):
            if number not in self.fates:
                raise NotFound("Forge", f"read pull request {number}", "there is none")
            return self.fates[number]

    async def template(self) -> str | None:
        async with self.fuse.call("read the template"):
            return self.form

    async def comment(self, number: int, text: str) -> str:
        async with self.fuse.call("comment on a pull request"):
            self.said.setdefault(number, []).append(text)
            return str(len(self.said[number]))

    async def comments(self, number: int) -> list[Comment]:
        async with self.fuse.call("read the comments of a pull request"):
            at = datetime(2026, 1, 1, 12, tzinfo=UTC)
            return [Comment(str(id_), "us", "1", text, at, True) for id_, text in enumerate(self.said.get(number, []))]

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        async with self.fuse.call("review a pull request"):
            there = self.judged.setdefault(number, [])
            at = datetime(2026, 1, 1, 12, tzinfo=UTC)
            there.append(Review(str(len(there)), "us", "1", judgement, text, tuple(lines), at, True))
            return there[-1].id

    async def reviews(self, number: int) -> list[Review]:
        async with self.fuse.call("read the reviews of a pull request"):
            return list(self.judged.get(number, []))

    async def checks(self, commit: str) -> list[Check]:
        async with self.fuse.call("read the checks of a commit"):
            return list(self.ci.get(commit, []))

    async def subscribe(self, before: str = "") -> None:
        async with self.fuse.call("subscribe at the forge"):
            if self.unreachable:
                raise Misconfigured("WebhookRefused", "the forge cannot reach the operator")
            self.subscribed += 1
            self.renewed += [before] if before else []

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("x-forge-signature", "").encode() == body[::-1]

    async def aclose(self) -> None:
        return

    def _open(self, head: str) -> PullRequest | None:
        return next((request for branch, request in self.opened if branch == head), None)

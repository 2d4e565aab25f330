"""GiteaIssues on the stand-in in this process, and what people do in that repository meanwhile."""

from __future__ import annotations

import itertools
from typing import Any

import httpx

from boardhand_api import pool
from boardhand_operator.boards.gitea.board import GiteaIssues
from boardhand_operator.http.transport import Connection
from testbed.gitea import issue_state as desk
from testbed.gitea.app import create_app
from testbed.gitea.hook_call import hook_call
from testbed.gitea.issue_models import File, Happened, Issue
from testbed.gitea.state import GiteaState, Token
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW
from tests.contract.board_bench import NO_CHECKLISTS
from tests.contract.board_wires import Wire
from tests.contract.forge_requests import check_forge_requests

SITE, NAME = "http://gitea.test", "team/shop"
CALLBACK, HOOK_SECRET = "https://boardhand.example/webhooks/team/shop", "a-secret-of-ours"
LEAST = ("read:user", "read:repository", "write:issue")
"""The scopes that the docs ask for."""
TOKENS = {
    "a-token-of-the-bot": Token("boardhand", True, LEAST),
    "a-token-of-the-owner": Token("team", True),
    "a-token-for-hooks": Token("boardhand", True),
    "a-token-of-a-reader": Token("reader", True, LEAST),
    "a-token-without-issue": Token("boardhand", True, ("read:user", "read:repository", "read:issue")),
}


class GiteaBench:
    """A repository with the four columns as labels; every look at the clock is a second later."""

    secret, person = "shop-gitea", "ada"
    comment_written, moved, subscribed = "POST .*/comments$", "POST .*/labels$", "POST .*/hooks$"
    callback = CALLBACK
    page, full_page, nowhere = 120, 50, "team/none"
    checklists = NO_CHECKLISTS
    has, markup, signs_body, filter = frozenset({"attachments", "edits"}), "markdown", True, ""

    def __init__(self) -> None:
        ticks = itertools.count(1767225600)
        self.off = 0.0
        self.state = GiteaState(dict(TOKENS), SITE, now=lambda: float(next(ticks)) + self.off)
        self.repository = self.state.add_repository(NAME)
        self.repository.tracker.writers = {"ada", "boardhand"}
        for name in (READY, DOING, REVIEW, DONE, "bot"):
            desk.add_label(self.state, self.repository, name)
        self.app = create_app(self.state)
        self.wire = Wire(httpx.ASGITransport(self.app))

    def open(self, *, token: str | None = None, hook: bool = False, secret: str = "", **spec: Any) -> GiteaIssues:
        if hook:
            spec, secret = {"webhook": {"callbackUrl": CALLBACK}} | spec, HOOK_SECRET
            token = token or "a-token-of-the-owner"
        fields = {"type": "gitea", "board": NAME, "url": SITE, "secretRef": {"name": self.secret}}
        credentials = {"token": f"{token or 'a-token-of-the-bot'}\n"} | ({"webhookSecret": secret} if secret else {})
        return GiteaIssues(pool.Board.model_validate(fields | spec), credentials, Connection(transport=self.wire))

    def reader_token(self) -> str:
        return "a-token-of-a-reader"

    def label(self, name: str) -> Any:
        return next(label for label in self.repository.tracker.labels.values() if label.name == name)

    def issue(self, ticket: str) -> Issue:
        return self.repository.tracker.issues[int(ticket)]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        labels = [self.label(name) for name in (column, label) if name]
        return str(desk.add_issue(self.state, self.repository, title, body, "ada", labels).number)

    async def put(self, ticket: str, column: str) -> None:
        for name in (READY, DOING, REVIEW, DONE):
            desk.take_off(self.state, self.issue(ticket), self.label(name), "ada")
        desk.put_on(self.state, self.issue(ticket), self.label(column), "ada")

    async def add(self, ticket: str, column: str) -> None:
        desk.put_on(self.state, self.issue(ticket), self.label(column), "ada")

    async def edit(self, ticket: str, title: str, body: str) -> None:
        issue, now = self.issue(ticket), self.state.now()
        if title != issue.title:
            issue.log.append(Happened(self.state.next_id(), "change_title", "ada", "", now, now))
        issue.title, issue.body, issue.changed = title, body, now

    async def stranger(self) -> None:
        self.repository.tracker.writers = {"boardhand"}

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        desk.say(self.state, self.issue(ticket), text, "boardhand" if by_us else "ada")

    async def said(self, ticket: str) -> list[str]:
        return [entry.body for entry in self.issue(ticket).log if entry.kind == "comment"]

    async def delete(self, ticket: str) -> None:
        desk.delete_issue(self.repository, self.issue(ticket))

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        desk.set_state(self.state, self.issue(ticket), "open" if back else "closed", "ada")

    async def rename(self, column: str, name: str) -> None:
        self.label(column).name = name

    async def archive_column(self, column: str) -> bool:
        self.label(column).archived = True
        return True

    def stored(self, markdown: str) -> str:
        return markdown

    async def furnish(self, ticket: str) -> None:
        self.issue(ticket).files.append(File(self.state.next_id(), "plan.pdf", self.state.now()))

    async def clock(self, seconds: float) -> None:
        self.off = seconds

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        payload = {"action": "label_updated", "issue": {"title": "grüße 🚀"}}
        return hook_call(secret or HOOK_SECRET, "issue_label", payload)

    async def hooks(self) -> int:
        return sum(hook.url == CALLBACK for hook in self.repository.tracker.hooks.values())

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE) as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    def check_requests(self) -> None:
        """Every request so far is one that Forgejo documents, with the token in its header alone."""
        check_forge_requests(self.wire.requests)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)

"""LinearBoard on the stand-in in this process, and what people do in that team meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx

from boardhand_api import pool
from boardhand_operator.boards.linear.board import LinearBoard
from boardhand_operator.http.transport import Connection
from testbed.linear.app import create_app
from testbed.linear.models import Issue, Token
from testbed.linear.state import LinearState, state_of
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW
from tests.contract.board_bench import STEPS
from tests.contract.board_wires import Wire
from tests.contract.linear_requests import check_linear_requests

SITE, TEAM = "http://linear.test", "SHOP"
HOOK = "https://boardhand.example/webhooks/team/shop"
SIGNING = "a long text that signs calls"
BOT, ADMIN, READER = "lin_api_of_the_bot_000000", "lin_api_of_an_admin_00000", "lin_api_of_a_reader_00000"
TOKENS = {
    BOT: Token("boardhand"),
    ADMIN: Token("boardhand", ("read", "write", "admin")),
    READER: Token("boardhand", ("read",)),
    "an-oauth-token-of-the-app": Token("boardhand"),
}
STATES = {READY: "unstarted", DOING: "started", REVIEW: "started", DONE: "completed"}


class LinearBench:
    """A workspace with one team of four states, a label and two people."""

    secret, person, page, full_page, nowhere = "shop-linear", "ada", 260, 250, "NOPE"
    comment_written, moved = "mutation commentCreate$", "mutation issueUpdate$"
    subscribed, callback = "mutation webhookCreate$", HOOK
    has = frozenset({"attachments", "links", "priority", "edits"})
    checklists = STEPS
    markup, signs_body, filter = "markdown", True, ""

    def __init__(self) -> None:
        self.state = LinearState(TOKENS)
        for name in ("ada", "boardhand"):
            self.state.add_user(name)
        self.team = self.state.add_team(TEAM, STATES, ["ada", "boardhand"])
        self.state.add_label("bot")
        self.app = create_app(self.state)
        self.wire = Wire(httpx.ASGITransport(self.app))

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> LinearBoard:
        fields: dict[str, Any] = {"type": "linear", "board": TEAM, "url": SITE, "secretRef": {"name": self.secret}}
        credentials = {"token": f"{token or (ADMIN if hook else BOT)}\n"}
        if hook:
            fields["webhook"], credentials["webhookSecret"] = {"callbackUrl": HOOK}, SIGNING
        return LinearBoard(pool.Board.model_validate(fields | spec), credentials, Connection(transport=self.wire))

    def reader_token(self) -> str:
        return READER

    def issue(self, ticket: str) -> Issue:
        return self.state.issues[ticket]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: Any = "", label: str = "") -> str:
        made = self.state.add_issue(self.team, title, column, body, by="ada")
        if label:
            self.state.label(made, label)
        return made.id

    def stored(self, markdown: str) -> Any:
        return markdown

    async def furnish(self, ticket: str) -> None:
        issue = self.issue(ticket)
        for title, column in (("one", DONE), ("two", DOING)):
            self.state.add_issue(self.team, title, column, parent=ticket)
        self.state.attach(issue, "plan.pdf", "https://uploads.linear.app/acme/plan.pdf")
        self.state.attach(issue, "Design", "https://design.example/shop")
        issue.priority = 2
        self.state.edit(issue, issue.title, issue.body, "ada")

    async def put(self, ticket: str, column: str) -> None:
        self.state.put(self.issue(ticket), state_of(self.team, column), "ada")

    async def edit(self, ticket: str, title: str, body: str) -> None:
        self.state.edit(self.issue(ticket), title, body, "ada")

    async def stranger(self) -> None:
        self.team.members.remove("ada")

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        self.state.say(self.issue(ticket), "boardhand" if by_us else "ada", text)

    async def said(self, ticket: str) -> list[str]:
        return [said.body for said in self.issue(ticket).comments]

    async def delete(self, ticket: str) -> None:
        self.state.delete(self.issue(ticket))

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        self.state.archive(self.issue(ticket), back=back)

    async def rename(self, column: str, name: str) -> None:
        state_of(self.team, column).name = name

    async def archive_column(self, column: str) -> bool:
        """As Linear wants it: first all issues of the state, then the state."""
        for issue in self.state.issues.values():
            if issue.state.name == column:
                self.state.archive(issue)
        self.state.archive_state(self.team, column)
        return True

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE) as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    async def clock(self, seconds: float) -> None:
        self.state.skew = seconds

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        told = {"action": "update", "type": "Issue", "webhookTimestamp": round(self.state.now() * 1000), "data": {}}
        body = json.dumps(told).encode()
        made = hmac.new((secret or SIGNING).encode(), body, hashlib.sha256).hexdigest()
        return {"Linear-Signature": made, "Linear-Event": "Issue", "Content-Type": "application/json"}, body

    async def hooks(self) -> int:
        return sum(hook.url == HOOK for hook in self.state.hooks.values())

    def check_requests(self) -> None:
        """Every request so far is one that Linear's schema takes, with the key in its header alone."""
        check_linear_requests(self.wire.requests)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)

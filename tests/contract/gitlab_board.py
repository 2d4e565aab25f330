"""GitLabIssues on the stand-in in this process, and what people do in that project meanwhile."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from typing import Any

import httpx

from boardhand_api import pool
from boardhand_operator.boards.gitlab.board import GitLabIssues
from boardhand_operator.http.transport import Connection
from testbed.gitlab.app import create_app
from testbed.gitlab.call import GUEST, MAINTAINER, PLANNER
from testbed.gitlab.models import Issue, Label, Token
from testbed.gitlab.state import GitLabState
from tests.contract.board_behaviour import COLUMNS, READY
from tests.contract.board_bench import NO_CHECKLISTS
from tests.contract.board_wires import Wire
from tests.contract.gitlab_documented import Held, check_requests

SITE, NAME = "http://gitlab.test", "team/web/shop"
CALLBACK = "https://boardhand.example/webhooks/team/shop"
SIGNING = "whsec_" + base64.b64encode(b"a key of the tests: 32 bytes now").decode()
TOKENS = {
    "a-token-of-the-bot": Token("boardhand"),
    "a-token-of-a-maintainer": Token("keeper"),
    "a-token-of-a-reader": Token("reader"),
    "a-token-that-reads": Token("boardhand", ("read_api",)),
}
MEMBERS = {"ada": 30, "boardhand": PLANNER, "keeper": MAINTAINER, "reader": GUEST}


def signed_call(secret: str, body: bytes) -> dict[str, str]:
    """Headers of a call that GitLab signs with this signing token, or with a forger's text."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    headers = {"webhook-id": "0b1c2d3e-f5ab", "webhook-timestamp": "1767225600", "x-gitlab-event": "Issue Hook"}
    stamp = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    proof = base64.b64encode(hmac.new(key, stamp + body, hashlib.sha256).digest()).decode()
    return headers | {"webhook-signature": f"v1,{proof}"}


class GitLabBench:
    """A project with the four columns as labels; every look at the clock is a second later."""

    secret, person = "shop-gitlab", "ada"
    comment_written, moved, subscribed = "POST .*/notes$", "PUT .*/issues/[0-9]+$", "POST .*/hooks$"
    callback = CALLBACK
    page, full_page, nowhere, filter = 120, 100, "team/none", ""
    markup, signs_body = "markdown", True
    checklists = NO_CHECKLISTS
    has = frozenset({"attachments", "links", "edits"})

    def __init__(self) -> None:
        ticks = itertools.count(1767225600)
        self.state = GitLabState(dict(TOKENS), SITE, now=lambda: float(next(ticks)))
        self.project = self.state.add_project(NAME, MEMBERS)
        for name in (*COLUMNS, "bot"):
            self.state.add_label(self.project, name)
        self.app = create_app(self.state)
        self.held = Held(httpx.ASGITransport(self.app))
        self.wire = Wire(self.held)

    def open(self, *, token: str | None = None, hook: bool = False, proof: str = SIGNING, **spec: Any) -> GitLabIssues:
        fields = {"type": "gitlab", "board": NAME, "url": SITE, "secretRef": {"name": self.secret}}
        given = token or ("a-token-of-a-maintainer" if hook else "a-token-of-the-bot")
        credentials = {"token": f"{given}\n"} | ({"webhookSecret": proof} if hook else {})
        wanted = fields | ({"webhook": {"callbackUrl": CALLBACK}} if hook else {}) | spec
        return GitLabIssues(pool.Board.model_validate(wanted), credentials, Connection(transport=self.wire))

    def reader_token(self) -> str:
        return "a-token-of-a-reader"

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = '{"object_kind":"issue","text":"grüße 🚀"}'.encode()
        return signed_call(secret or SIGNING, body), body

    async def hooks(self) -> int:
        return sum(hook.url == CALLBACK for hook in self.project.hooks.values())

    async def clock(self, seconds: float) -> None:
        self.state.skew = seconds

    def label(self, name: str) -> Label:
        found = self.project.label(name)
        assert found, name
        return found

    def issue(self, ticket: str) -> Issue:
        return self.project.issues[int(ticket)]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        labels = [self.label(name) for name in (column, label) if name]
        return str(self.state.add_issue(self.project, title, body or None, "ada", labels).iid)

    def stored(self, markdown: str) -> str:
        return markdown

    async def furnish(self, ticket: str) -> None:
        design = self.state.add_issue(self.project, "Design", None, "ada")
        issue = self.issue(ticket)
        issue.links.append(design.iid)
        issue.body = f"{issue.body or ''}\n\nSee [plan.pdf](/uploads/{'0a' * 16}/plan.pdf)."
        issue.changed = self.state.now()

    async def put(self, ticket: str, column: str) -> None:
        off = [self.label(name) for name in COLUMNS if self.project.label(name) and name != column]
        self.state.relabel(self.issue(ticket), [self.label(column)], off, "ada")

    async def add(self, ticket: str, column: str) -> None:
        self.state.relabel(self.issue(ticket), [self.label(column)], [], "ada")

    async def edit(self, ticket: str, title: str, body: str) -> None:
        issue = self.issue(ticket)
        issue.title, issue.body = title, body
        self.state.say(issue, "changed the description", "ada", system=True)

    async def stranger(self) -> None:
        self.project.members["ada"] = GUEST

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        self.state.say(self.issue(ticket), text, "boardhand" if by_us else "ada")

    async def said(self, ticket: str) -> list[str]:
        return [note.body for note in self.issue(ticket).notes if not note.system]

    async def delete(self, ticket: str) -> None:
        del self.project.issues[int(ticket)]

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        self.state.set_state(self.issue(ticket), "reopen" if back else "close", "ada")

    async def rename(self, column: str, name: str) -> None:
        self.label(column).name = name

    async def archive_column(self, column: str) -> bool:
        return False

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE) as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    def check_requests(self) -> None:
        """What was sent and answered so far is what GitLab documents, with the token in its header alone."""
        assert self.held.wrong == []
        check_requests(self.wire.requests)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)

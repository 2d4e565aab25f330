"""GitHub's boards on the stand-in in this process, and what people do there meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from boardhand_api import pool
from boardhand_operator.boards.github.issues import GitHubIssues
from boardhand_operator.boards.github.projects import GitHubProjects
from boardhand_operator.http.transport import Connection
from testbed.github import desk, project_desk, token_desk
from testbed.github.app import create_app
from testbed.github.issue_models import Issue, Label
from testbed.github.shapes import node_id
from testbed.github.state import GitHubState, Token
from testbed.github.token_models import App
from tests.contract.board_behaviour import COLUMNS, READY
from tests.contract.board_bench import NO_CHECKLISTS
from tests.contract.board_wires import Wire
from tests.contract.github_api import Held, check_requests

SITE, NAME, API = "http://github.test", "team/shop", "/api/v3"
CALLBACK = "https://boardhand.example/webhooks/team/shop"
WEBHOOK_SECRET = "a-secret-of-ours"
LEAST = {"metadata": "read", "issues": "write"}
"""What the docs ask for."""
BOT, HOOKS, READER, BLIND = "a-token-of-the-bot", "a-token-for-hooks", "a-token-of-a-reader", "a-token-without-issue"
PROJECT_LEAST = {**LEAST, "organization_projects": "write", "members": "read"}
TOKENS = {
    BOT: Token("boardhand", LEAST),
    HOOKS: Token("boardhand", {**LEAST, "repository_hooks": "write"}),
    READER: Token("reader", {**LEAST, "repository_hooks": "write"}),
    BLIND: Token("boardhand", {"metadata": "read", "issues": "read"}),
}
PROJECT = "orgs/team/7"
PROJECT_TOKENS = {
    BOT: Token("boardhand", PROJECT_LEAST),
    HOOKS: Token("boardhand", {**PROJECT_LEAST, "organization_hooks": "write"}),
    READER: Token("reader", PROJECT_LEAST),
}


class GitHubDesk:
    """A repository at the stand-in, and its people; every look at the clock is a second later."""

    secret, person = "shop-github", "ada"
    page, full_page = 120, 50
    markup, filter = "markdown", ""
    signs_body = True
    kind, place = "github", NAME

    def __init__(self, tokens: dict[str, Token]) -> None:
        ticks = itertools.count(1767225600)
        self.off = 0.0
        self.state = GitHubState(dict(tokens), SITE, now=lambda: next(ticks) + self.off)
        self.repository = self.state.add_repository(NAME)
        self.repository.roles = {"ada": "write", "boardhand": "admin", "reader": "read"}
        self.app = create_app(self.state)
        self.held = Held(httpx.ASGITransport(self.app), API)
        self.wire = Wire(self.held)

    def given(
        self, token: str | None, hook: bool, secret: str, spec: dict[str, Any]
    ) -> tuple[pool.Board, dict[str, str]]:
        """What a board is opened with."""
        fields: dict[str, Any] = {
            "type": self.kind,
            "board": self.place,
            "url": SITE,
            "secretRef": {"name": self.secret},
        }
        credentials = {"token": f"{token or (HOOKS if hook else BOT)}\n"}
        if hook:
            fields["webhook"] = {"callbackUrl": CALLBACK}
        if hook or secret:
            credentials["webhookSecret"] = secret or WEBHOOK_SECRET
        return pool.Board.model_validate(fields | spec), credentials

    async def an_app(self, permissions: dict[str, str]) -> tuple[App, dict[str, str]]:
        """A GitHub App that is installed with these, and its credentials. The stand-in's clock is set to ours."""
        await self.clock(time.time() - self.state.now())
        key = rsa.generate_private_key(65537, 2048)
        app = token_desk.add_app(self.state, "hands", key.public_key())
        token_desk.install(self.state, app, "team", permissions)
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
        return app, {"appId": str(app.id), "privateKey": pem, "webhookSecret": WEBHOOK_SECRET}

    def reader_token(self) -> str:
        return READER

    def issue(self, ticket: str) -> Issue:
        return self.repository.issues[int(ticket)]

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = '{"action":"labeled","text":"grüße 🚀"}'.encode()
        made = hmac.new((secret or WEBHOOK_SECRET).encode(), body, hashlib.sha256).hexdigest()
        return {"x-hub-signature-256": f"sha256={made}"}, body

    def stored(self, markdown: str) -> str:
        return markdown

    async def edit(self, ticket: str, title: str, body: str) -> None:
        desk.edit(self.state, self.issue(ticket), title, body, self.state.user("ada"))

    async def stranger(self) -> None:
        self.repository.roles["ada"] = "read"
        self.state.outsiders.add("ada")

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        desk.say(self.state, self.issue(ticket), text, self.state.user("boardhand" if by_us else "ada"))

    async def said(self, ticket: str) -> list[str]:
        return [entry.body for entry in self.issue(ticket).said]

    async def delete(self, ticket: str) -> None:
        desk.delete_issue(self.repository, self.issue(ticket))

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        desk.set_state(self.state, self.issue(ticket), "open" if back else "closed", self.state.user("ada"))

    async def archive_column(self, column: str) -> bool:
        return False

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE) as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    async def clock(self, seconds: float) -> None:
        self.off += seconds

    def check_requests(self) -> None:
        """Every request and answer so far is one that GitHub documents, with the token in its header alone."""
        # Where a redirect leads is in no description.
        own = [request for request in self.wire.requests if "/repositories/" not in request.url.path]
        check_requests(own, API)
        self.held.check()
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)


class GitHubIssuesBench(GitHubDesk):
    """The repository with the four columns as labels."""

    comment_written, moved, subscribed = "POST .*/comments$", "POST .*/labels$", "POST .*/hooks$"
    callback = CALLBACK
    nowhere = "team/nowhere"
    checklists = NO_CHECKLISTS
    has = frozenset({"links", "edits"})

    def __init__(self) -> None:
        super().__init__(TOKENS)
        for name in (*COLUMNS, "bot"):
            desk.add_label(self.state, self.repository, name)

    def open(self, *, token: str | None = None, hook: bool = False, secret: str = "", **spec: Any) -> GitHubIssues:
        return GitHubIssues(*self.given(token, hook, secret, spec), Connection(transport=self.wire))

    def label(self, name: str) -> Label:
        found = desk.label_named(self.repository, name)
        assert found is not None
        return found

    async def hooks(self) -> int:
        return sum(hook.url == CALLBACK for hook in self.repository.hooks.values())

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        labels = [self.label(name) for name in (column, label) if name]
        return str(desk.add_issue(self.state, self.repository, title, body, self.state.user("ada"), labels).number)

    async def put(self, ticket: str, column: str) -> None:
        ada = self.state.user("ada")
        for name in COLUMNS:
            if found := desk.label_named(self.repository, name):
                desk.take_off(self.state, self.issue(ticket), found, ada)
        desk.put_on(self.state, self.issue(ticket), self.label(column), ada)

    async def rename(self, column: str, name: str) -> None:
        self.label(column).name = name

    async def furnish(self, ticket: str) -> None:
        other = desk.add_issue(self.state, self.repository, "Design", f"See #{ticket}.", self.state.user("ada"))
        desk.mention(self.state, self.issue(ticket), other)


class GitHubProjectsBench(GitHubDesk):
    """A project of the organisation with the four columns, and the repository of its issues."""

    kind, place, secret = "github-projects", PROJECT, "shop-project"
    comment_written, moved, subscribed = "mutation AddComment", "mutation Move", "POST .*/hooks$"
    callback = CALLBACK
    full_page = 100
    nowhere = "orgs/team/404"
    checklists = NO_CHECKLISTS
    has = frozenset({"links", "priority", "edits"})

    def __init__(self) -> None:
        super().__init__(PROJECT_TOKENS)
        self.project = project_desk.add_project(self.state, "team", 7, COLUMNS)
        self.project.roles = {"ada": "write", "boardhand": "write", "reader": "read"}
        for login in ("ada", "boardhand", "reader"):
            self.state.user(login)
        desk.add_label(self.state, self.repository, "bot")

    def open(self, *, token: str | None = None, hook: bool = False, secret: str = "", **spec: Any) -> GitHubProjects:
        return GitHubProjects(
            *self.given(token, hook, secret, spec),
            Connection(transport=self.wire),
        )

    def issue(self, ticket: str) -> Issue:
        return next(found for found in self.repository.issues.values() if node_id("I", found.id) == ticket)

    async def hooks(self) -> int:
        hooks = self.state.organisation_hooks(self.state.user("team"))
        return sum(hook.url == CALLBACK for hook in hooks.values())

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        labels = [found for found in self.repository.labels.values() if found.name == label]
        made = desk.add_issue(self.state, self.repository, title, body, self.state.user("ada"), labels)
        item = project_desk.add_item(self.state, self.project, made, self.repository)
        if column:
            wanted = project_desk.option(self.project, project_desk.STATUS, column)
            project_desk.set_value(self.state, self.project, item, project_desk.STATUS, wanted)
        return node_id("I", made.id)

    async def put(self, ticket: str, column: str) -> None:
        item = self.project.item_of(self.issue(ticket))
        wanted = project_desk.option(self.project, project_desk.STATUS, column)
        project_desk.set_value(self.state, self.project, item, project_desk.STATUS, wanted)

    async def rename(self, column: str, name: str) -> None:
        project_desk.option(self.project, project_desk.STATUS, column).name = name

    async def furnish(self, ticket: str) -> None:
        issue = self.issue(ticket)
        other = desk.add_issue(self.state, self.repository, "Design", f"See #{issue.number}.", self.state.user("ada"))
        desk.mention(self.state, issue, other)
        high = project_desk.option(self.project, project_desk.PRIORITY, "High")
        project_desk.set_value(self.state, self.project, self.project.item_of(issue), project_desk.PRIORITY, high)

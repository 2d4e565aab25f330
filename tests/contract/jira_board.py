"""Both Jira boards on the stand-in in this process, and what people do in that project meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from typing import Any

import httpx

from boardhand_api import pool
from boardhand_operator.boards import Checklist, Item
from boardhand_operator.boards.jira import adf_read, adf_write, wiki_read, wiki_write
from boardhand_operator.boards.jira.board import JiraBoard, JiraCloud, JiraDataCenter
from boardhand_operator.http.transport import Connection
from testbed.jira.app import create_app
from testbed.jira.models import Account, Issue, Status
from testbed.jira.state import JiraState
from tests.contract.board_behaviour import COLUMNS, READY
from tests.contract.board_bench import DOING, DONE
from tests.contract.board_wires import Wire
from tests.contract.jira_requests import check_cloud_requests, check_datacenter_requests
from tests.contract.markup import PIECES

SITE, KEY, OTHER = "https://acme.example", "SHOP", "OLD"
CALLBACK, HOOK_SECRET = "https://boardhand.example/webhooks/team/shop", "a-secret-of-ours"
ADA = Account("5b10ac8d82e05b22cc7d4ef5", "ada", "Ada Lovelace", permissions=("BROWSE_PROJECTS", "ADD_COMMENTS"))
BOT = Account("712020:boardhand", "boardhand", "Boardhand", zone="America/New_York")
ADMIN = Account("712020:root", "root", "Root", administers=True)
READER = Account("712020:reader", "reader", "Reader", permissions=("BROWSE_PROJECTS",))
TOKENS = {"a-token-of-ada": ADA, "a-token-of-the-bot": BOT, "a-token-of-root": ADMIN, "a-token-of-a-reader": READER}
READS = r"^(GET|HEAD) |^POST .*/(search|search/jql|jql/parse|bulkfetch)$"


def paragraph(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(content)}


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"marks": list(marks)} if marks else {})


def _listed(*words: str) -> dict[str, Any]:
    return {
        "type": "bulletList",
        "content": [{"type": "listItem", "content": [paragraph(text(word))]} for word in words],
    }


ADF = {
    "emphasis": paragraph(
        text("It is "), text("bold", {"type": "strong"}), text(" and "), text("slanted", {"type": "em"}), text(".")
    ),
    "list": _listed("one", "two", "three"),
    "link": paragraph(
        text("See "),
        text("the design", {"type": "link", "attrs": {"href": "https://example.com/a?b=c&d=e"}}),
        text("."),
    ),
    "code": {
        "type": "codeBlock",
        "attrs": {"language": "python"},
        "content": [text('if a < b && c > d:\n    print("<b>")')],
    },
    "heading": {"type": "heading", "attrs": {"level": 2}, "content": [text("Heading")]},
}
"""As Cloud's editor stores the pieces of `markup`."""
WIKI = {
    "emphasis": "It is *bold* and _slanted_.",
    "list": "* one\n* two\n* three",
    "link": "See [the design|https://example.com/a?b=c&d=e].",
    "code": '{code:python}\nif a < b && c > d:\n    print("<b>")\n{code}',
    "heading": "h2. Heading",
}
"""As Data Center's editor stores them."""


class JiraBench:
    """A project with the four statuses, and another one; every look at the clock is a second later."""

    secret, person = "shop-jira", ADA.display
    comment_written, moved = "POST .*/comment$", "POST .*/transitions$"
    subscribed, callback = r"POST /rest/(webhooks|jira-webhook)/", CALLBACK
    page, full_page, nowhere = 120, 100, "NOPE"
    checklists: tuple[Checklist, ...] = (
        Checklist("Subtasks", (Item(f"{KEY}-2 one", True), Item(f"{KEY}-3 two", False))),
    )
    has, signs_body = frozenset({"attachments", "links", "priority", "edits"}), True
    filter = 'priority = "Highest"'
    markup = "adf"
    cloud = True

    def __init__(self) -> None:
        ticks = itertools.count(1767225600)
        self.state = JiraState(dict(TOKENS), SITE, self.cloud, now=lambda: float(next(ticks)))
        self.project = self.state.add_project(KEY, COLUMNS)
        self.other = self.state.add_project(OTHER, COLUMNS)
        self.app = create_app(self.state)
        self.wire = Wire(httpx.ASGITransport(self.app), reads=READS)

    def open(self, *, token: str | None = None, hook: bool = False, secret: str = "", **spec: Any) -> JiraBoard:
        if hook:
            spec, secret = {"webhook": {"callbackUrl": CALLBACK}} | spec, secret or HOOK_SECRET
            token = token or "a-token-of-root"
        token = token or "a-token-of-the-bot"
        fields = {"type": "jira", "board": KEY, "url": f"{SITE}/", "secretRef": {"name": self.secret}}
        account = TOKENS.get(token, BOT)
        credentials = {"token": f"{token}\n", "email": f"{account.name}@example.com"}
        credentials |= {"webhookSecret": secret} if secret else {}
        kind = JiraCloud if self.cloud else JiraDataCenter
        return kind(pool.Board.model_validate(fields | spec), credentials, Connection(transport=self.wire))

    def status(self, name: str) -> Status:
        return next(status for status in self.project.statuses if status.name == name)

    def issue(self, ticket: str) -> Issue:
        return self.state.issues[ticket]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: Any = "", label: str = "") -> str:
        stored = self.plain(body) if isinstance(body, str) else body["stored"]
        labels = (label,) if label else ()
        return self.state.add_issue(self.project, title, self.status(column), stored, labels, ADA).id

    def plain(self, words: str) -> Any:
        """A plain text as a person types it: an empty line ends a paragraph."""
        if not words:
            return None
        paragraphs = []
        for part in words.split("\n\n"):
            content: list[dict[str, Any]] = []
            for line in part.split("\n"):
                content += ([{"type": "hardBreak"}] if content else []) + [text(line)]
            paragraphs.append(paragraph(*content))
        return {"type": "doc", "version": 1, "content": paragraphs}

    def stored(self, markdown: str) -> Any:
        piece = next(name for name, words in PIECES.items() if f"\n\n{words}\n\n" in markdown)
        content = [paragraph(text("Before.")), ADF[piece], paragraph(text("After."))]
        return {"stored": {"type": "doc", "version": 1, "content": content}}

    async def furnish(self, ticket: str) -> None:
        issue = self.issue(ticket)
        issue.files.append("plan.pdf")
        issue.pages.append(("Design", "https://example.com/design"))
        for title, status in (("one", DONE), ("two", DOING)):
            issue.subtasks.append(self.state.add_issue(self.project, title, self.status(status), None, (), ADA))
        issue.priority, issue.changed = "High", self.state.clock()

    async def put(self, ticket: str, column: str) -> None:
        self.state.put(self.issue(ticket), self.status(column), ADA)

    async def edit(self, ticket: str, title: str, body: str) -> None:
        self.state.edit(self.issue(ticket), ADA, title, self.plain(body))

    async def stranger(self) -> None:
        self.state.tokens = {token: one for token, one in self.state.tokens.items() if one is not ADA}

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        self.state.say(self.issue(ticket), BOT if by_us else ADA, self.written(text))

    def written(self, markdown: str) -> Any:
        return adf_write.document(markdown)

    async def said(self, ticket: str) -> list[str]:
        return [adf_read.markdown(said.body) for said in self.issue(ticket).comments]

    async def delete(self, ticket: str) -> None:
        self.state.delete(self.issue(ticket))

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        """To another project, which is how a ticket leaves a board and comes back with an entry in its changelog."""
        self.state.move_to(self.issue(ticket), self.project if back else self.other, ADA)

    async def rename(self, column: str, name: str) -> None:
        self.status(column).name = name

    async def archive_column(self, column: str) -> bool:
        """A status that issues have cannot be archived."""
        assert self.status(column)
        return False

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE) as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    async def clock(self, seconds: float) -> None:
        self.state.off = seconds

    def reader_token(self) -> str:
        return "a-token-of-a-reader"

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = '{"webhookEvent":"jira:issue_updated","issue":{"key":"SHOP-1","fields":{"summary":"grüße 🚀"}}}'.encode()
        made = hmac.new((secret or HOOK_SECRET).encode(), body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature": f"sha256={made}", "X-Atlassian-Webhook-Identifier": "1"}, body

    async def hooks(self) -> int:
        return sum(hook.url == CALLBACK for hook in self.state.hooks)

    def check_requests(self) -> None:
        """Every request so far is one that the vendor documents, with the token in its header alone."""
        (check_cloud_requests if self.cloud else check_datacenter_requests)(self.wire.requests)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)


class JiraDataCenterBench(JiraBench):
    """The same at a Data Center."""

    markup = "wiki"
    cloud = False

    def plain(self, words: str) -> Any:
        return wiki_write.escaped(words) or None

    def stored(self, markdown: str) -> Any:
        piece = next(name for name, words in PIECES.items() if f"\n\n{words}\n\n" in markdown)
        return {"stored": f"Before.\r\n\r\n{WIKI[piece]}\r\n\r\nAfter."}

    def written(self, markdown: str) -> Any:
        return wiki_write.wiki(markdown)

    async def said(self, ticket: str) -> list[str]:
        return [wiki_read.markdown(said.body) for said in self.issue(ticket).comments]

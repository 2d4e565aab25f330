"""AzureBoard on the stand-in in this process, and what people do in that project meanwhile."""

from __future__ import annotations

import json
from typing import Any

import httpx
from markdown_it import MarkdownIt

from boardhand_api import pool
from boardhand_operator.boards.azure.board import AzureBoard
from boardhand_operator.boards.azure.hooks import proof
from boardhand_operator.boards.azure.texts import DESCRIPTION, to_markdown
from boardhand_operator.http.transport import Connection
from testbed.azure.app import create_app
from testbed.azure.models import Column, Item, Team, TeamBoard, Token
from testbed.azure.state import STATE, AzureState
from tests.contract.azure_requests import check_azure_requests
from tests.contract.board_behaviour import DOING, DONE, READY, REVIEW
from tests.contract.board_bench import NO_CHECKLISTS
from tests.contract.board_wires import Wire

SITE, SERVER = "https://dev.azure.com", "https://azure.example"
HOOK = "https://boardhand.example/webhooks/team/shop"
PASSWORD = "a long text that Azure sends"
TOKENS = {
    "a-token-of-the-bot": Token("boardhand"),
    "a-token-of-an-admin": Token("admin"),
    "a-token-of-a-reader": Token("reader"),
    "a-token-without-write": Token("boardhand", ("vso.work", "vso.project")),
    "a-token-that-expired": Token("boardhand", expired=True),
}
STORY, BUG = "User Story", "Bug"
STATES = ["New", READY, DOING, REVIEW, DONE]


class Html(str):
    """A description that Azure's own editor stored."""


class AzureBench:
    """A project whose states, or whose team's board's columns, are the four columns."""

    secret, person, page, full_page, nowhere = "shop-azure", "ada", 210, 200, "acme/nope"
    comment_written, moved = "POST .*/comments$", r"PATCH .*/workItems/\d+$"
    subscribed, callback = "POST .*/subscriptions$", HOOK
    has = frozenset({"attachments", "links", "priority", "edits"})
    checklists = NO_CHECKLISTS
    markup, signs_body, filter = "html", False, "[System.Title] = 'no ticket has this'"

    def __init__(self, *, team: bool = False, server: bool = False) -> None:
        organisation = "tfs/DefaultCollection" if server else "acme"
        self.state = AzureState(TOKENS, SERVER if server else SITE, organisation)
        self.state.add_person("ada")
        self.state.add_person("boardhand")
        self.state.add_person("admin", may_subscribe=True)
        self.state.add_person("reader", may_write=False)
        states = ["New", "Active", "Closed"] if team else STATES
        self.project = self.state.add_project("shop", {STORY: [*states], BUG: [*states, "Triaged"]})
        self.board = TeamBoard("Stories", _columns()) if team else None
        boards = [TeamBoard("Epics", [Column("Someday", {"Epic": "New"})])] if team else []
        areas = ["shop\\web"]
        self.team = Team("web team", ["ada", "boardhand"], areas, [*boards, *([self.board] if self.board else [])])
        self.project.teams.append(self.team)
        self.spec = {"board": f"{organisation.rpartition('/')[2]}/shop" + ("/web team" if team else "")}
        if server:
            self.spec["url"] = f"{SERVER}/tfs"
        self.app = create_app(self.state)
        self.wire = Wire(httpx.ASGITransport(self.app), reads=r"^(GET|HEAD) |/(wiql|workitemsbatch)\b")

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> AzureBoard:
        fields: dict[str, Any] = {"type": "azure", "secretRef": {"name": self.secret}} | self.spec
        usual = "a-token-of-an-admin" if hook else "a-token-of-the-bot"
        credentials = {"token": f"{token or usual}\n"}
        if hook:
            fields["webhook"], credentials["webhookSecret"] = {"callbackUrl": HOOK}, PASSWORD
        return AzureBoard(pool.Board.model_validate(fields | spec), credentials, Connection(transport=self.wire))

    def reader_token(self) -> str:
        return "a-token-of-a-reader"

    def item(self, ticket: str) -> Item:
        return self.state.items[int(ticket)]

    def field(self) -> str:
        return self.board.field_name if self.board else STATE

    async def ticket(self, title: str = "A ticket", column: str = READY, body: Any = "", label: str = "") -> str:
        fields: dict[str, Any] = {"System.Title": title, "System.AreaPath": "shop\\web", self.field(): column}
        if label:
            fields["System.Tags"] = label
        made = self.state.add_item(self.project, STORY, "ada", fields | ({DESCRIPTION: str(body)} if body else {}))
        if body and not isinstance(body, Html):
            made.formats[DESCRIPTION] = "markdown"
        return str(made.id)

    def stored(self, markdown: str) -> Any:
        return Html(
            MarkdownIt("commonmark", {"html": False}).render(markdown).replace("<p>", "<div>").replace("</p>", "</div>")
        )

    async def furnish(self, ticket: str) -> None:
        item = self.item(ticket)
        item.relations += [
            {
                "rel": "AttachedFile",
                "url": f"{self.state.root}/_apis/wit/attachments/1",
                "attributes": {"name": "plan.pdf"},
            },
            {"rel": "Hyperlink", "url": "https://design.example/shop", "attributes": {"comment": "Design"}},
            {"rel": "ArtifactLink", "url": "vstfs:///Git/Commit/x", "attributes": {"name": "Fixed in Commit"}},
        ]
        self.state.change(item, "ada", {"Microsoft.VSTS.Common.Priority": 2})

    async def put(self, ticket: str, column: str) -> None:
        self.state.change(self.item(ticket), "ada", {self.field(): column})

    async def edit(self, ticket: str, title: str, body: str) -> None:
        self.item(ticket).formats[DESCRIPTION] = "markdown"
        self.state.change(self.item(ticket), "ada", {"System.Title": title, DESCRIPTION: body})

    async def stranger(self) -> None:
        self.team.members.remove("ada")

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        self.state.say(self.item(ticket), "boardhand" if by_us else "ada", text, "markdown")

    async def said(self, ticket: str) -> list[str]:
        found = self.item(ticket).comments
        return [said.text if said.format == "markdown" else to_markdown(said.text) for said in found]

    async def delete(self, ticket: str) -> None:
        self.state.delete(self.item(ticket), "ada")

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        self.state.delete(self.item(ticket), "ada", back=back)

    async def rename(self, column: str, name: str) -> None:
        """Work items go with the name, without an update."""
        for item in self.state.items.values():
            if item.fields.get(self.field()) == column:
                item.fields[self.field()] = name
        if self.board:
            next(one for one in self.board.columns if one.name == column).name = name
        for states in self.project.types.values() if not self.board else ():
            states[states.index(column)] = name

    async def archive_column(self, column: str) -> bool:
        return False

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=SITE) as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    async def clock(self, seconds: float) -> None:
        self.state.skew = seconds

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        told = {"eventType": "workitem.updated", "publisherId": "tfs", "resource": {"id": 2, "workItemId": 1}}
        return {"Authorization": proof(secret or PASSWORD), "Content-Type": "application/json"}, json.dumps(
            told
        ).encode()

    async def hooks(self) -> int:
        return sum(hook.consumer["url"] == HOOK for hook in self.state.hooks.values())

    def check_requests(self) -> None:
        """Every request so far is one that is documented, with the token in its header alone."""
        check_azure_requests(self.wire.requests, self.state.root)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)


def _columns() -> list[Column]:
    def all_types(state: str) -> dict[str, str]:
        return {STORY: state, BUG: state}

    return [
        Column("New", all_types("New"), "incoming"),
        Column(READY, all_types("New")),
        Column(DOING, all_types("Active"), split=True),
        Column(REVIEW, all_types("Active")),
        Column(DONE, all_types("Closed"), "outgoing"),
    ]

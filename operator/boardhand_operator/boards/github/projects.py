"""GitHub Projects as the board: the options of its field Status are the columns, its open issues the tickets.

A ticket is known by its issue's node id. Drafts and pull requests are no tickets; archived items and closed issues are
not on the board. A poll in which nothing changed costs one request, and one more where comments are read.

Source: https://docs.github.com/en/issues/planning-and-tracking-with-projects ; a test holds every document to GitHub's
GraphQL schema.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look
from boardhand_operator.boards.github import items, queries
from boardhand_operator.boards.github.account import Account
from boardhand_operator.boards.github.check import check_filter
from boardhand_operator.boards.github.items import Json
from boardhand_operator.boards.github.project import Address, Project, columns_of, see_columns
from boardhand_operator.boards.github.ready import Ready, ReadyTickets
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.http.graphql import Graph, Kind
from boardhand_operator.http.transport import Connection, segment
from boardhand_operator.vendors.github import graph as github_graph
from boardhand_operator.vendors.github.app import Place

COMMENT_LIMIT = 65536
EVENTS = ("issue_comment", "issues", "projects_v2_item")
_NO_ITEM = "PVTI_none"


class GitHubProjects:
    """A project of an organisation or a user at GitHub, with a token or (an organisation's) as a GitHub App."""

    credential_keys: ClassVar[tuple[str, ...]] = ()
    """`token`, or `appId` and `privateKey`: which of them, the constructor looks for."""
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the board is no project's address or the Secret holds no credentials for it."""
        at, secret = Address.of(spec), spec.secret_name
        place = Place(f"/orgs/{segment(at.owner)}", needs(spec))
        self._account = Account(spec, credentials, connection, place, hint(at, secret))
        if self._account.is_app and not at.organisation:
            raise Misconfigured(
                "AppUnsupported",
                f"Secret {secret} holds a GitHub App, which sees no project of a user such as {spec.board}: put a "
                "classic token of that user there, under the key `token`.",
            )
        hints: Mapping[Kind, str] = {PermissionMissing: self._account.hint}
        graph = Graph(self._account.http, "GitHub", github_graph.PATH, github_graph.kind_of, hints)
        self._at = Project(graph, at)
        self._hooks = f"{self._account.rest}/orgs/{segment(at.owner)}/hooks"
        self._spec = spec
        self._ready = ReadyTickets(self._at.issues, self._shown)
        self._project, self._events = "", True
        wanted = spec.columns
        self._columns = [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]

    async def check(self) -> None:
        """See `Board.check`: two requests; the second one is always refused, and shows what the credentials may do."""
        check_filter(self._spec, "spec.board.label")
        ready = self._spec.columns.ready
        if self._columns.count(ready) > 1:
            raise Misconfigured(
                "ColumnTwice", f"The ready column {ready!r} also has another meaning in spec.board.columns."
            )
        try:
            found = await self._at.read()
        except NotFound as failed:
            raise Misconfigured(
                "BoardMissing",
                f"GitHub has no project {self._spec.board} that the credentials in Secret "
                f"{self._spec.secret_name} may see: correct spec.board.board, or give them access. "
                f"{self._account.hint}",
            ) from failed
        if found["closed"]:
            raise Misconfigured("BoardClosed", f"Project {self._spec.board} is closed: reopen it.")
        see_columns(found, self._columns, self._spec.board)
        await self._check_writing(found)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; one more for those of fifty issues a poll that are new
        to the ready column or were changed."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        project, found = await self._at.items(names)
        see_columns(project, names, self._spec.board)
        self._project, self._events = project["id"], (await self._at.queries()).events
        tickets = [item for item in found if items.is_ticket(item)]
        members = {
            name: frozenset(item["content"]["id"] for item in tickets if items.option(item) == name) for name in names
        }
        cards = await self._ready.of([item for item in tickets if items.option(item) == ready])
        label = self._spec.label
        said = await self._at.said_since(since) if since else ()
        return Look([card for card in cards if label is None or label in card.labels], members, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: the organisation's members, a hundred a request; of a user's project, the user."""
        return await self._at.people()

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: one request, one more for every 100 comments beyond the first; all of its comments."""
        try:
            issue = await self._at.issue(ticket_id, whole=True)
        except NotFound:
            return None
        item = self._item(issue)
        if item is None or not items.option(item):
            return None
        entry, _ = items.entered(item, issue, item["project"]["id"], (await self._at.queries()).events)
        said = items.comments(items.nodes(issue["comments"]))
        if after := items.next_cursor(issue["comments"]):
            said += await self._at.comments(ticket_id, after)
        us = await self._account.login()
        return replace(
            items.card(item, issue, entry),
            comments=tuple(said),
            all_comments=True,
            links=items.links(issue),
            moved_by_us=entry.by_name.casefold() == us.casefold(),
            edits=items.edits(issue, us),
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: one request for every 100."""
        return await self._at.comments(ticket_id)

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        variables = {"id": ticket_id, "body": shorten(text, COMMENT_LIMIT)}
        made = await self._at.graph.mutate(f"comment on issue {ticket_id}", queries.COMMENT, variables)
        return str(made["addComment"]["commentEdge"]["node"]["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        variables = {"id": comment_id, "body": shorten(text, COMMENT_LIMIT)}
        await self._at.graph.mutate(f"edit comment {comment_id} of issue {ticket_id}", queries.EDIT, variables)

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`; None too where it was taken off the project. One request."""
        try:
            item = self._item(await self._at.issue(ticket_id))
        except NotFound:
            return None
        return items.option(item) or None if item else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`: two requests, the second one writes."""
        if seen_in == column:
            return
        operation = f"move issue {ticket_id} to {column!r}"
        item = items.item_in(await self._at.issue(ticket_id), self._at.at.owner, self._at.at.number)
        if item is None:
            raise NotFound("GitHub", operation, f"it was taken off project {self._spec.board}, or archived there")
        project = item["project"]
        option = see_columns(project, [column], self._spec.board)[column]
        if items.option(item) != column:
            await self._move(operation, project, item["id"], option)

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: one request, a second one where there is no webhook yet. Raises Misconfigured for a
        user's project: GitHub has webhooks of projects only for organisations."""
        if self._spec.webhook is not None and not self._at.at.organisation:
            raise Misconfigured(
                "WebhookUnsupported",
                f"spec.board.webhook: GitHub calls nobody for a user's project such as {self._spec.board}: take it "
                "out; changes are seen with the next poll.",
            )
        await self._account.subscribe(self._hooks, EVENTS, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        return self._account.signed(headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._account.aclose()

    def _item(self, issue: Json) -> Json | None:
        """The open issue's item in this project."""
        if issue["state"] != "OPEN":
            return None
        return items.item_in(issue, self._at.at.owner, self._at.at.number)

    def _shown(self, item: Json, issue: Json) -> tuple[Ready, bool]:
        entry, certain = items.entered(item, issue, self._project, self._events)
        return (entry, items.card(item, issue, entry)), certain

    async def _check_writing(self, project: Json) -> None:
        """See that the credentials may move tickets: the project has no item of this id, so nothing is changed."""
        if not project["viewerCanUpdate"]:
            sentence = f"the account may only read project {self._spec.board}. {self._account.hint}"
            raise PermissionMissing("GitHub", "move tickets", sentence)
        try:
            await self._move("move tickets", project, _NO_ITEM, next(iter(columns_of(project).values())))
        except (NotFound, Rejected):
            return

    async def _move(self, operation: str, project: Json, item: str, option: str) -> None:
        variables = {"project": project["id"], "item": item, "field": project["status"]["id"], "option": option}
        await self._at.graph.mutate(operation, queries.MOVE, variables)


def needs(spec: pool.Board) -> dict[str, str]:
    """The permissions that the board's work takes of an App, and no more."""
    wanted = {"organization_projects": "write", "issues": "write", "members": "read", "metadata": "read"}
    return wanted | ({"organization_hooks": "write"} if spec.webhook else {})


def hint(at: Address, secret: str) -> str:
    """Which permissions are needed, and that the account needs the role."""
    if not at.organisation:
        return (
            f"The token in Secret {secret} must be a classic one with the scopes project and repo, of an account that "
            f"may write to project {at}."
        )
    return (
        f"The credentials in Secret {secret} need, of organisation {at.owner}: Projects (write), Members (read), for "
        "webhooks Webhooks (write) too, and of the repositories Issues (write); a classic token the scopes project, "
        f"repo and read:org, for webhooks admin:org_hook too; and the account the role Write in project {at}."
    )

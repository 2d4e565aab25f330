"""Azure DevOps work items as the board: a project's states are the columns, or the columns of a team's board.

A ticket is in a column when its field says so, and it is not in the recycle bin. A poll in which nothing changed is
two requests: one that finds the work items of the columns and those that changed lately, and one for their revisions
(for 200 of them); one more where the pool has a filter, and once a minute one or two more, for the columns.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/ , version 7.1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Link, Look
from boardhand_operator.boards.azure.check import check_columns, check_filter, check_spec, check_writing, project_of
from boardhand_operator.boards.azure.columns import BoardColumns, Columns, States
from boardhand_operator.boards.azure.entered import Entered, Talk
from boardhand_operator.boards.azure.hooks import HEADER, SECRET, signed, subscribe
from boardhand_operator.boards.azure.items import BATCH, Items
from boardhand_operator.boards.azure.log import (
    PROJECT,
    TITLE,
    Json,
    attachments,
    author,
    card,
    comment,
    edits,
    hyperlinks,
    placed,
    related_ids,
    tags,
)
from boardhand_operator.boards.azure.moves import move, where
from boardhand_operator.boards.azure.people import people_of
from boardhand_operator.boards.azure.rows import Rows
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import Misconfigured, NotFound
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.signing import header, required
from boardhand_operator.http.transport import Connection, segment
from boardhand_operator.plugins import token_refused
from boardhand_operator.vendors.azure.client import CREDENTIAL_KEYS, AzureClient, organisation_address, parts

COMMENT_LIMIT = 65536
"""Ours: Azure DevOps takes a million characters."""


class AzureBoard:
    """The work items of one project, or of one team's board, with a personal access token."""

    credential_keys: ClassVar[tuple[str, ...]] = CREDENTIAL_KEYS
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the board is no organisation/project[/team], or the token unfit."""
        wanted = "organisation/project, or organisation/project/team"
        organisation, self._project, *team = parts(spec.board, "spec.board.board", wanted, (2, 3))
        secret, token = spec.secret_name, credentials["token"].strip()
        vendor = Vendor(
            "Azure DevOps",
            token_refused(secret),
            f"The token in Secret {secret} needs the scopes Work Items (Read & write) and Project and Team (Read), and "
            f"its account the right to edit work items of {spec.board} (for webhooks Edit Subscriptions too).",
        )
        self._webhook_secret = credentials.get(SECRET, "").strip()
        base = organisation_address(spec.url, organisation)
        self._http = AzureClient(vendor, base, token, connection, secrets=[self._webhook_secret])
        self._page = f"{base}/{segment(self._project)}"
        self._spec = spec
        self._items = Items(self._http, self._project, markdown=spec.url is None)
        kind = BoardColumns(self._http, self._project, team[0]) if team else States(self._http, self._project)
        self._columns = Columns(kind, spec.columns.ready, f"Azure's board {spec.board}")
        self._team = team
        self._rows = Rows(self._items, self._columns, self._project, spec)
        self._entered, self._talk = Entered(self._items), Talk(self._items)
        self._me = ""
        roles = spec.columns
        self._roles = [roles.ready, roles.in_progress, roles.review, *filter(None, [roles.failed])]

    async def check(self) -> None:
        """See `Board.check`: five requests or so; the last one asks whether a work item could be made."""
        check_spec(self._spec, self._roles)
        await project_of(self._http, self._spec, self._project)
        await self._our_id()
        await check_columns(self._spec, self._columns, self._roles)
        await check_filter(self._rows.fitting)
        await check_writing(self._items, self._columns, self._spec.columns.ready)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; two more for each work item that is new to the ready
        column or changed, of at most fifty a poll, and one for each whose comments changed since then."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        await self._columns.need(*names)
        field = self._columns.kind.field
        rows = await self._rows.of(names, since)
        members: dict[str, set[str]] = {name: set() for name in names}
        for row in rows:
            if row["fields"].get(field) in members:
                members[row["fields"][field]].add(str(row["id"]))
        fitting = await self._rows.fitting()
        mine = [row for row in rows if row["fields"].get(field) == ready and self._labelled(row)]
        mine = [row for row in mine if fitting is None or row["id"] in fitting]
        found = sorted(await self._entered.of(mine, field), key=lambda pair: (pair[1].at, pair[0]["id"]))
        cards = [card(item, ready, entry, self._page) for item, entry in found]
        said = await self._talk.since(rows, since, await self._our_id()) if since else ()
        return Look(cards, {name: frozenset(ids) for name, ids in members.items()}, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: the team's members, or those of all of the project's teams; one request a team."""
        return await people_of(self._http, self._project, self._team)

    async def team(self, name: str) -> frozenset[str]:
        """See `Teams.team`: one request."""
        try:
            return frozenset(await people_of(self._http, self._project, [name]))
        except NotFound as failed:
            raise Misconfigured(
                "TeamMissing", f"spec.policy.trigger.teams: project {self._project} has no team {name!r}"
            ) from failed

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: three requests, one more for 200 updates or comments, and one for related work items."""
        try:
            item = await self._items.whole(ticket_id)
            field = await self._columns.field()
            updates = await self._items.updates(ticket_id)
            entry = placed(updates, field)
            said = await self._items.comments(ticket_id)
        except NotFound:
            return None
        column = item["fields"].get(field)
        if entry is None or column is None or not self._is_ours(item):
            return None
        our_id, (author_id, name) = await self._our_id(), author(updates)
        return replace(
            card(item, column, entry, self._page),
            author=name,
            author_id=author_id,
            mover=entry.by_name,
            moved_by=entry.by,
            moved_by_us=entry.by == our_id,
            edits=edits(updates, our_id),
            comments=tuple(comment(one, our_id) for one in said),
            all_comments=True,
            attachments=attachments(item),
            links=(*hyperlinks(item), *await self._related(item)),
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: one request for 200."""
        found = await self._items.comments(ticket_id)
        our_id = await self._our_id()
        return [comment(said, our_id) for said in found]

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        return str((await self._items.say(ticket_id, shorten(text, COMMENT_LIMIT)))["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        await self._items.say_again(ticket_id, comment_id, shorten(text, COMMENT_LIMIT))

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`: one request, more where the team's board is not known yet."""
        field = await self._columns.field()
        try:
            item = await where(self._items, self._columns.kind, ticket_id)
        except NotFound:
            return None
        column = item["fields"].get(field)
        return str(column) if column is not None and self._is_ours(item) else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`: one request to read and one to write, again where somebody changed it in between."""
        if seen_in != column:
            await self._columns.need(column)
            await move(self._items, self._columns.kind, ticket_id, column)

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: two requests, a third one where there is no webhook yet."""
        if self._spec.webhook is None:
            return
        required(
            self._webhook_secret,
            self._spec.secret_name,
            "spec.board.webhook",
            "which Azure DevOps is to send as the password of its calls",
        )
        project = await project_of(self._http, self._spec, self._project)
        await subscribe(self._http, project["id"], self._spec.webhook.callback_url, self._webhook_secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002 (Azure proves itself alone)
        """See `Board.signed`."""
        if self._spec.webhook is None or not self._webhook_secret:
            return False
        given = header(headers, HEADER)
        return signed(self._webhook_secret, given)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # Work items

    async def _our_id(self) -> str:
        if not self._me:
            params = {"api-version": "7.1-preview.1"}
            found = await self._http.get("read whose token this is", "/_apis/connectionData", params)
            self._me = str(found["authenticatedUser"]["id"])
        return self._me

    async def _related(self, item: Json) -> list[Link]:
        ids = related_ids(item)
        found = await self._items.fields(ids[:BATCH], [TITLE]) if ids else []
        titles = {other["id"]: other["fields"][TITLE] for other in found}
        return [Link(f"#{id_} {titles[id_]}", f"{self._page}/_workitems/edit/{id_}") for id_ in ids if id_ in titles]

    def _is_ours(self, item: Json) -> bool:
        here = str(item["fields"].get(PROJECT, "")).casefold() == self._project.casefold()
        return here and self._columns.kind.holds(item["fields"])

    def _labelled(self, row: Json) -> bool:
        wanted = self._spec.label
        return wanted is None or wanted.casefold() in {tag.casefold() for tag in tags(row["fields"])}

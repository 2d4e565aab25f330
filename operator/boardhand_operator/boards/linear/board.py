"""A Linear team as the board: its workflow states are the columns, entries of an issue's history the events.

A ticket is in a column when it is in that state, and neither archived nor in the bin. A poll in which nothing changed
is one request, whose answer has the ready issues' own fields and the ids of the others that are asked for; further
pages where more than 50 are ready or 250 elsewhere.

Source: https://linear.app/developers ; a test holds every document to the schema of npm's @linear/sdk.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look
from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.check import check_spec, check_team, check_writing
from boardhand_operator.boards.linear.client import SERVER, Json, LinearClient
from boardhand_operator.boards.linear.entered import Details, Entered, whole_history
from boardhand_operator.boards.linear.hooks import HEADER, SECRET, signed, subscribe
from boardhand_operator.boards.linear.log import (
    attachments,
    card,
    checklists,
    edits,
    in_order,
    is_there,
    links,
    placed,
)
from boardhand_operator.boards.linear.pages import Pages
from boardhand_operator.boards.linear.states import States
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import NotFound, Rejected, RemoteUnavailable
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.signing import header, required
from boardhand_operator.http.transport import Connection

COMMENT_LIMIT = 65536
"""Ours: Linear documents none."""


class LinearBoard:
    """The issues of one team, with an API key or an OAuth token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the key holds what no header can."""
        secret = spec.secret_name
        vendor = Vendor(
            "Linear",
            f"It refused the key in Secret {secret}: make a new one and put it under the key `token`.",
            f"The key in Secret {secret} needs the permissions Read and Write (for webhooks Admin too, and its account "
            f"must be an admin of the workspace), and access to team {spec.board}.",
        )
        self._webhook_secret = credentials.get(SECRET, "").strip()
        self._http = LinearClient(
            vendor, spec.url or SERVER, credentials["token"].strip(), connection, self._webhook_secret
        )
        self._spec = spec
        self._states = States(self._http, spec.board, secret)
        self._entered = Entered(self._http)
        self._pages = Pages(self._http, spec.board, spec.columns.ready)
        wanted = spec.columns
        self._columns = [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]

    async def check(self) -> None:
        """See `Board.check`: two requests; the last one is always refused, and shows what the key may do."""
        check_spec(self._spec, self._columns)
        await check_team(self._http, self._spec, self._states, self._columns)
        await check_writing(self._http)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; and one for every 25 issues that are new to the ready
        column or changed since the last poll, of at most a hundred a poll."""
        ready = self._spec.columns.ready
        others = sorted(set(columns) - {ready})
        found = await self._pages.poll(others, since)
        self._states.learn(found["teams"]["nodes"])
        for name in (ready, *others):
            self._states.known(name)
        issues = await self._pages.ready(found["ready"])
        there = {issue["id"]: issue for issue in issues if is_there(issue) and issue["state"]["name"] == ready}
        members = {name: set[str]() for name in others} | {ready: set(there)}
        for issue in await self._pages.others(found.get("others"), others):
            if is_there(issue) and issue["state"]["name"] in members:
                members[issue["state"]["name"]].add(issue["id"])
        cards = _cards(there, await self._entered.of(list(there.values())), self._spec.label)
        said = await self._pages.said(found.get("comments"), since)
        return Look(cards, {name: frozenset(ids) for name, ids in members.items()}, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: the team's active members that are no guests; one request for a hundred."""
        active = (user for user in await self._pages.people() if user["active"] and not user["guest"])
        return {user["id"]: user["displayName"] for user in active}

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: one request, more where it has more than 100 comments or 50 entries of history."""
        try:
            found = await self._http.query(f"read issue {ticket_id}", queries.READ, {"id": ticket_id})
            issue = found["issue"]
            happened = await whole_history(self._http, ticket_id, issue["history"])
            said = await self._pages.comments(ticket_id, issue["comments"])
        except NotFound:
            return None
        if not self._is_ours(issue):
            return None
        labels = [label["name"] for label in issue["labels"]["nodes"]]
        return replace(
            card(issue, labels, placed(issue, happened)),
            comments=in_order(said),
            edits=edits(happened),
            all_comments=True,
            checklists=checklists(issue),
            attachments=attachments(issue),
            links=links(issue),
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: one request for a hundred."""
        operation = f"read the comments of issue {ticket_id}"
        issue = (await self._http.query(operation, queries.COMMENTS, {"id": ticket_id}))["issue"]
        if issue["trashed"]:
            raise NotFound("Linear", operation, "the issue is in the bin")
        return list(in_order(await self._pages.comments(ticket_id, issue["comments"])))

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        operation = f"comment on issue {ticket_id}"
        wanted = {"issueId": ticket_id, "body": shorten(text, COMMENT_LIMIT)}
        made = (await self._http.change(operation, queries.COMMENT, {"input": wanted}))["commentCreate"]
        _see_that_it_was_done(operation, made)
        return str(made["comment"]["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        operation = f"edit comment {comment_id} of issue {ticket_id}"
        wanted = {"id": comment_id, "input": {"body": shorten(text, COMMENT_LIMIT)}}
        _see_that_it_was_done(operation, (await self._http.change(operation, queries.EDIT, wanted))["commentUpdate"])

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`: one request."""
        try:
            issue = await self._where(ticket_id)
        except NotFound:
            return None
        return str(issue["state"]["name"]) if self._is_ours(issue) else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`: two requests at most, and a third where the states are not known."""
        if seen_in == column:
            return
        if seen_in is None:
            issue = await self._where(ticket_id)
            if self._is_ours(issue):
                self._states.learn([issue["team"]])
                if issue["state"]["name"] == column:
                    return
        operation = f"move issue {ticket_id} to {column!r}"
        state = await self._states.id_of(column)
        try:
            moved = await self._http.change(operation, queries.MOVE, {"id": ticket_id, "input": {"stateId": state}})
        except Rejected:
            await self._states.refresh()
            self._states.known(column)
            raise
        _see_that_it_was_done(operation, moved["issueUpdate"])

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: one request, two more where there is no webhook yet."""
        if self._spec.webhook is None:
            return
        required(
            self._webhook_secret, self._spec.secret_name, "spec.board.webhook", "with which Linear is to sign its calls"
        )
        if not self._states.team_id:
            await self._states.refresh()
        await subscribe(self._http, self._states.team_id, self._spec.webhook.callback_url, self._webhook_secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`; a call that is older than a minute by Linear's clock is none."""
        if self._spec.webhook is None or not self._webhook_secret:
            return False
        given = header(headers, HEADER)
        return signed(self._webhook_secret, body, given, time.time() + self._http.ahead)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # One issue

    async def _where(self, ticket_id: str) -> Json:
        found = await self._http.query(f"read where issue {ticket_id} is", queries.WHERE, {"id": ticket_id})
        issue: Json = found["issue"]
        return issue

    def _is_ours(self, issue: Json) -> bool:
        return is_there(issue) and issue["team"]["key"] == self._spec.board


def _cards(issues: Mapping[str, Json], details: Mapping[str, Details], label: str | None) -> list[Card]:
    """The ready tickets that bear the label, the one that entered first leading."""
    known = [(details[id_].entry, id_) for id_ in issues if id_ in details]
    return [
        card(issues[id_], details[id_].labels, entry)
        for entry, id_ in sorted(known)
        if label is None or label in details[id_].labels
    ]


def _see_that_it_was_done(operation: str, payload: Json) -> None:
    if not payload["success"]:
        raise RemoteUnavailable("Linear", operation, "answered that it did not succeed, and not why")

"""Gitea and Forgejo issues as the board: labels are the columns, entries of an issue's timeline the events.

A ticket is in a column when it is open and bears that label; of several column labels the one put on last counts.
A poll in which nothing changed costs a request for each column that is asked for, one for comments, and one a minute
for the labels, however many closed issues there are; further pages where more than 50 issues are in a column.

Source: https://docs.gitea.com/api/ ; a test holds every request to Forgejo's swagger file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look
from boardhand_operator.boards.columns import Reading, sorted_out
from boardhand_operator.boards.gitea.check import check_filter, check_repository, check_writing, owner_and_name, server
from boardhand_operator.boards.gitea.log import card, edits, named, placed
from boardhand_operator.boards.gitea.said import said_since
from boardhand_operator.boards.gitea.timeline import entered, timeline
from boardhand_operator.boards.labels import Labels
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import NotFound, RemoteUnavailable
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection, segment
from boardhand_operator.plugins import token_refused
from boardhand_operator.vendors.gitea.comments import comment
from boardhand_operator.vendors.gitea.hooks import secret_of, signed, subscribe
from boardhand_operator.vendors.gitea.pages import Json, Pages

COMMENT_LIMIT = 65536
"""Ours: Gitea itself takes longer ones."""
EVENTS = ("issues", "issue_label", "issue_comment")
"""Of these Gitea tells."""


class GiteaIssues:
    """The issues of one repository at a Gitea or Forgejo, with a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the address is missing, the board is no owner/name, or the token unfit."""
        owner, name = owner_and_name(spec)
        token, secret = credentials["token"].strip(), spec.secret_name
        vendor = Vendor(
            "Gitea",
            token_refused(secret),
            f"The token in Secret {secret} needs the scopes read:user, read:repository and write:issue (for webhooks "
            f"write:repository too), and its account the right to write issues of {spec.board} (for webhooks to "
            "administer it).",
        )
        base = server(spec) + "/api/v1"
        self._webhook_secret = secret_of(credentials)
        self._http = Client(
            vendor, base, {"authorization": f"token {token}"}, [token, self._webhook_secret], connection
        )
        self._spec = spec
        self._pages = Pages(self._http, owner, name)
        advice = "Make it in the repository (not in the organisation)"
        self._labels = Labels(self._pages.labels, f"Repository {spec.board}", advice)
        self._entered = entered(self._pages)
        self._reading = Reading(_number, named, card, self._labelled)
        self._me: int | None = None
        wanted = spec.columns
        self._columns = [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]

    async def check(self) -> None:
        """See `Board.check`: five requests; the last one is always refused, and shows what the token may do."""
        check_filter(self._spec)
        await self._our_id()
        await check_repository(self._http, self._pages.root, self._spec)
        await self._labels.check(self._spec, self._columns, "Gitea")
        await check_writing(self._http, self._pages.root)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; and two for each issue that is new to the ready
        column or changed since the last two polls, of at most fifty issues a poll."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        known = {*self._columns, *names}
        found = {name: await self._in(name) for name in names}
        ordered, members = await sorted_out(found, ready, known, self._entered, self._reading)
        said = await said_since(self._pages, self._spec.board, since, await self._our_id()) if since else ()
        return Look(ordered, members, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: one request, for who may write to the repository."""
        users: list[Json] = await self._http.get(
            f"read who works on {self._spec.board}", f"{self._pages.root}/assignees"
        )
        return {str(user["id"]): user["login"] for user in users}

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: three requests, one more for every 50 entries of its timeline; all of its comments."""
        issue = await self._issue(ticket_id)
        if issue is None or issue["state"] != "open":
            return None
        happened = await timeline(self._pages, segment(ticket_id))
        place = placed(issue, happened, self._columns)
        if place is None:
            return None
        our_id = await self._our_id()
        said = tuple(comment(entry, our_id) for entry in happened if entry["type"] == "comment")
        return replace(
            card(issue, *place, self._columns),
            comments=said,
            all_comments=True,
            moved_by_us=place[1].by == str(our_id),
            edits=edits(happened, our_id),
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: one request."""
        path = self._path(ticket_id, "/comments")
        try:
            found: list[Json] = await self._http.get(f"read the comments of issue {ticket_id}", path)
        except RemoteUnavailable:
            await self._see_that_it_is_there(ticket_id)
            raise
        our_id = await self._our_id()
        return [comment(entry, our_id) for entry in found]

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        path, body = self._path(ticket_id, "/comments"), {"body": shorten(text, COMMENT_LIMIT)}
        try:
            made = await self._http.send("POST", f"comment on issue {ticket_id}", path, body)
        except RemoteUnavailable:
            await self._see_that_it_is_there(ticket_id)
            raise
        return str(made["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        path = f"{self._pages.root}/issues/comments/{segment(comment_id)}"
        operation = f"edit comment {comment_id} of issue {ticket_id}"
        await self._http.send("PATCH", operation, path, {"body": shorten(text, COMMENT_LIMIT)})

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`; None too where it bears no column's label. One request, two more where it bears
        several."""
        issue = await self._issue(ticket_id)
        if issue is None or issue["state"] != "open":
            return None
        here = named(issue, self._columns)
        if len(here) < 2:
            return next(iter(here), None)
        place = placed(issue, await timeline(self._pages, segment(ticket_id)), self._columns)
        return place[0] if place else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`: the new label is put on first, so that the ticket is in that column as soon as anything
        is written, then the labels of the others are taken off."""
        if seen_in == column:
            return
        label, path = await self._labels.id_of(column), self._path(ticket_id, "/labels")
        operation = f"move issue {ticket_id} to {column!r}"
        labels: list[Json] = [] if seen_in else (await self._http.get(operation, self._path(ticket_id)))["labels"] or []
        if label not in _ids(labels):
            labels = await self._http.send("POST", operation, path, {"labels": [label]})
        if label not in _ids(labels):
            # Gitea leaves out what it does not know, without a word.
            await self._labels.refresh()
            self._labels.known(column)
            raise RemoteUnavailable("Gitea", operation, "the label was made anew meanwhile")
        for other in labels:
            if other["id"] != label and other["name"] in (*self._columns, seen_in):
                await self._http.send("DELETE", operation, f"{path}/{other['id']}", {})

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: one request, a second one where there is no webhook yet."""
        if self._spec.webhook is not None:
            secret = self._spec.secret_name, self._webhook_secret
            await subscribe(self._http, self._pages, self._spec.webhook, "spec.board", secret, EVENTS, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        if self._spec.webhook is None or not self._webhook_secret:
            return False
        return signed(self._webhook_secret, headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # The repository, its issues and what was said on them

    async def _our_id(self) -> int:
        if self._me is None:
            self._me = int((await self._http.get("read whose token this is", "/user"))["id"])
        return self._me

    async def _in(self, column: str) -> list[Json]:
        """The open issues that bear this column's label. Raises Misconfigured where there is no such label."""
        params = {"state": "open", "type": "issues", "labels": column}
        await self._labels.id_of(column)
        size = await self._pages.size()

        def done(page: list[Any]) -> bool:
            return len(page) < size or not any(named(issue, [column]) for issue in page)

        found = await self._pages.until(f"read column {column!r}", "/issues", params, done)
        here = [issue for issue in found if named(issue, [column])]
        if len(here) < len(found):
            # Gitea does not filter by a label that is gone, and gives all issues.
            await self._labels.refresh()
            self._labels.known(column)
        return here

    async def _issue(self, ticket_id: str) -> Json | None:
        try:
            issue: Json = await self._http.get(f"read issue {ticket_id}", self._path(ticket_id))
        except NotFound:
            return None
        return issue

    async def _see_that_it_is_there(self, ticket_id: str) -> None:
        """Gitea answers 500 where comments of a deleted issue are meant; raises NotFound then."""
        await self._http.get(f"read issue {ticket_id}", self._path(ticket_id))

    def _path(self, ticket_id: str, below: str = "") -> str:
        return f"{self._pages.root}/issues/{segment(ticket_id)}{below}"

    def _labelled(self, issue: Json) -> bool:
        return self._spec.label is None or bool(named(issue, [self._spec.label]))


def _number(issue: Json) -> int:
    return int(issue["number"])


def _ids(labels: list[Json]) -> list[int]:
    return [label["id"] for label in labels]

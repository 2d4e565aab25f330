"""GitHub issues as the board: labels are the columns, `labeled` entries of an issue's timeline the events.

A ticket is in a column when it is open and bears that label; of several column labels the one put on last counts.
A poll in which nothing changed costs a request for each column that is asked for, one for the labels and one for
comments, all of them conditional: GitHub answers 304, which its limit does not count.

Source: https://docs.github.com/rest ; a test holds every request to GitHub's own description of its API.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look
from boardhand_operator.boards.columns import Reading, sorted_out
from boardhand_operator.boards.github.account import Account
from boardhand_operator.boards.github.check import (
    check_filter,
    check_repository,
    check_role,
    check_writing,
    owner_and_name,
)
from boardhand_operator.boards.github.edited import last_edit
from boardhand_operator.boards.github.log import Json, card, comment, links, named, number, placed, renamed
from boardhand_operator.boards.github.repository import Repository
from boardhand_operator.boards.labels import Labels
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import NotFound
from boardhand_operator.http.graphql import Graph
from boardhand_operator.http.transport import Connection, segment
from boardhand_operator.vendors.github import graph as github_graph
from boardhand_operator.vendors.github.app import Place

COMMENT_LIMIT = 65536
EVENTS = ("issue_comment", "issues", "label")


class GitHubIssues:
    """The issues of one repository at GitHub or a GitHub Enterprise, with a token or as a GitHub App."""

    credential_keys: ClassVar[tuple[str, ...]] = ()
    """`token`, or `appId` and `privateKey`: which of them, the constructor looks for."""
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the board is no owner/name or the Secret holds no credentials."""
        owner, name = owner_and_name(spec)
        place = Place(f"/repos/{segment(owner)}/{segment(name)}", needs(spec), (name,))
        self._account = Account(spec, credentials, connection, place, hint(spec))
        self._at = Repository(self._account.http, self._account.rest, owner, name)
        self._spec = spec
        self._labels = Labels(self._at.labels, f"Repository {spec.board}", "Make it there")
        self._graph = Graph(self._account.http, "GitHub", github_graph.PATH, github_graph.kind_of, {})
        self._entered = self._at.entered()
        self._reading = Reading(number, named, card, self._labelled)
        wanted = spec.columns
        self._columns = [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]

    async def check(self) -> None:
        """See `Board.check`: four requests; the last one is always refused, and shows what the token may do."""
        check_filter(self._spec, "spec.board.label")
        await self._account.login()
        found = await check_repository(self._at, self._spec)
        await self._labels.check(self._spec, self._columns, "GitHub")
        if not self._account.is_app:
            check_role(found, self._account.hint)
        await check_writing(self._at)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; and one for each issue that is new to the ready column
        or changed in the last seconds, of at most fifty issues a poll."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        # A column whose label is gone looks empty, so the labels are looked at first.
        await self._see_labels(names)
        found = {name: await self._at.column(name) for name in names}
        ordered, members = await sorted_out(found, ready, {*self._columns, *names}, self._entered, self._reading)
        said = await self._at.said_since(since, await self._account.login()) if since else ()
        return Look(ordered, members, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: who may push to the repository; one request for a hundred of them."""
        users = await self._at.all(f"read who works on {self._spec.board}", "/collaborators")
        return {str(user["id"]): user["login"] for user in users if (user.get("permissions") or {}).get("push")}

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: two requests, one more for every 100 entries of its timeline, and one where it changed
        since it entered its column; all of its comments."""
        issue = await self._issue(ticket_id)
        if issue is None:
            return None
        happened = await self._at.timeline(ticket_id)
        place = placed(issue, happened, self._columns)
        if place is None:
            await self._see_labels(self._columns)
            return None
        us = await self._account.login()
        said = tuple(comment(entry, us) for entry in happened if entry["event"] == "commented")
        return replace(
            card(issue, *place, self._columns),
            comments=said,
            all_comments=True,
            links=links(happened),
            moved_by_us=place[1].by_name.casefold() == us.casefold(),
            edits=(*renamed(happened, us), *await last_edit(self._graph, issue, place[1].at)),
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: one request for every 100."""
        found = await self._at.all(f"read the comments of issue {ticket_id}", f"/issues/{segment(ticket_id)}/comments")
        us = await self._account.login()
        return [comment(entry, us) for entry in found]

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        path, body = self._at.path(ticket_id, "/comments"), {"body": shorten(text, COMMENT_LIMIT)}
        made = await self._at.write("POST", f"comment on issue {ticket_id}", path, body)
        return str(made["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        path, body = self._at.path("comments", f"/{segment(comment_id)}"), {"body": shorten(text, COMMENT_LIMIT)}
        await self._at.write("PATCH", f"edit comment {comment_id} of issue {ticket_id}", path, body)

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`; None too where it bears no column's label. One request, more where it bears several
        of them or none."""
        issue = await self._issue(ticket_id)
        if issue is None:
            return None
        here = named(issue, self._columns)
        if not here:
            await self._see_labels(self._columns)
        if len(here) < 2:
            return next(iter(here), None)
        place = placed(issue, await self._at.timeline(ticket_id), self._columns)
        return place[0] if place else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`: the new label is put on first, so that the ticket is in that column as soon as anything
        is written, then the labels of the others are taken off."""
        if seen_in == column:
            return
        # GitHub makes up a label that it does not know.
        await self._see_labels([column])
        operation, path = f"move issue {ticket_id} to {column!r}", self._at.path(ticket_id, "/labels")
        labels: list[Json] = [] if seen_in else (await self._at.issue(ticket_id))["labels"]
        if column not in _names(labels):
            labels = await self._at.write("POST", operation, path, {"labels": [column]})
        for other in _names(labels):
            if other != column and other in (*self._columns, seen_in):
                await self._take_off(operation, f"{path}/{segment(other)}")

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: one request, a second one where there is no webhook yet."""
        await self._account.subscribe(f"{self._at.root}/hooks", EVENTS, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        return self._account.signed(headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._account.aclose()

    async def _issue(self, ticket_id: str) -> Json | None:
        """The issue, or None where it is deleted, transferred or closed."""
        try:
            issue = await self._at.issue(ticket_id)
        except NotFound:
            return None
        return issue if issue["state"] == "open" else None

    async def _see_labels(self, names: Collection[str]) -> None:
        """Raise Misconfigured where there is no label of one of these names."""
        await self._labels.refresh()
        for name in names:
            self._labels.known(name)

    async def _take_off(self, operation: str, path: str) -> None:
        try:
            await self._at.write("DELETE", operation, path, None)
        except NotFound:
            # Somebody took it off meanwhile, or deleted the issue: either way it does not bear the label.
            return

    def _labelled(self, issue: Json) -> bool:
        return self._spec.label is None or bool(named(issue, [self._spec.label]))


def needs(spec: pool.Board) -> dict[str, str]:
    """The permissions that the board's work takes, and no more."""
    return {"issues": "write", "metadata": "read"} | ({"repository_hooks": "write"} if spec.webhook else {})


def hint(spec: pool.Board) -> str:
    """Which permissions are needed, and which role the account."""
    return (
        f"The credentials in Secret {spec.secret_name} need, for {spec.board}: Issues (write) and Metadata (read), "
        "for webhooks Webhooks (write) too; a classic token the scope repo, for webhooks admin:repo_hook too; and the "
        "account the role write (for webhooks admin), without which it is not shown who the members are; with "
        "policy.trigger.anyone, policy.comments: All and no commands triage is enough."
    )


def _names(labels: list[Json]) -> list[str]:
    return [label["name"] for label in labels]

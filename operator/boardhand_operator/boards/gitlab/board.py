"""GitLab issues as the board: labels are the columns, as they are on GitLab's own boards, label events the events.

A ticket is in a column when it is open and bears that label; of several column labels the one put on last counts.
A poll in which nothing changed costs a request for each column that is asked for, one for comments, and one a minute
for the labels; further pages where more than a hundred issues are in a column.

Sources: https://docs.gitlab.com/api/issues/ , https://docs.gitlab.com/api/notes/ ; a test holds every request to what
is recorded of these pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look
from boardhand_operator.boards.columns import Reading, sorted_out
from boardhand_operator.boards.gitlab.check import check_columns, check_project, check_spec, path_of
from boardhand_operator.boards.gitlab.log import attachments, card, comment, edits, is_said, links, named
from boardhand_operator.boards.gitlab.said import said_since
from boardhand_operator.boards.gitlab.timeline import entered, place_of
from boardhand_operator.boards.labels import Labels
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import NotFound, PermissionMissing
from boardhand_operator.http.transport import Connection, segment
from boardhand_operator.plugins import token_refused
from boardhand_operator.vendors.gitlab.client import Json, Project
from boardhand_operator.vendors.gitlab.hooks import SECRET, signed, subscribe
from boardhand_operator.vendors.gitlab.rights import MAINTAINER, PLANNER, check_role, check_scope, read_project
from boardhand_operator.vendors.gitlab.texts import harmless

COMMENT_LIMIT = 65536
"""Ours: GitLab itself takes a million characters."""
EVENTS = ("issues_events", "confidential_issues_events", "note_events")


class GitLabIssues:
    """The issues of one project at GitLab, with a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the board is no project's path, or the token unfit."""
        path, secret = path_of(spec), spec.secret_name
        hints = (
            token_refused(secret),
            f"The token in Secret {secret} needs the scope api, and its account at least the role Planner or Reporter "
            f"in {path} (for webhooks Maintainer).",
        )
        self._secret = credentials.get(SECRET, "").strip()
        token = credentials["token"].strip()
        self._project = Project(path, spec.url, token, [self._secret], connection, hints)
        self._spec = spec
        self._labels = Labels(self._label_ids, f"Project {path}", "Make it in the project or its group")
        self._entered = entered(self._project)
        self._reading = Reading(_number, named, card, self._labelled)
        self._private: bool | None = None
        wanted = spec.columns
        self._columns = [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]

    async def check(self) -> None:
        """See `Board.check`: four requests, one more where the project does not say which role we have."""
        check_spec(self._spec)
        await self._project.me()
        found = await read_project(self._project, "BoardMissing", "spec.board.board", self._spec.secret_name)
        self._private = found["visibility"] == "private"
        check_project(found)
        await check_columns(self._spec, self._labels, self._columns)
        await check_scope(self._project)
        await check_role(self._project, found, MAINTAINER if self._spec.webhook else PLANNER)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; and two for each issue that is new to the ready
        column or changed since the last two polls, of at most fifty issues a poll."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        known = {*self._columns, *names}
        found = {name: await self._in(name) for name in names}
        ordered, members = await sorted_out(found, ready, known, self._entered, self._reading)
        said = await said_since(self._project, since, await self._project.me()) if since else ()
        return Look(ordered, members, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: those with the role Developer or more, however they came to it; one request for a
        hundred members."""
        members = await self._project.all(f"read who works on {self._project.path}", "/members/all")
        return {
            str(member["id"]): member["username"]
            for member in members
            if member["access_level"] >= 30 and member["state"] == "active"
        }

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: six requests, one more for every hundred of its events and notes; all of its comments."""
        issue = await self._issue(ticket_id)
        if issue is None or issue["state"] != "opened":
            return None
        place = await place_of(self._project, issue, self._columns)
        if place is None:
            return None
        linked = await self._project.all(f"read the links of issue {ticket_id}", self._path(ticket_id, "/links"))
        notes, our_id = await self._notes(ticket_id), await self._project.me()
        return replace(
            card(issue, *place, self._columns),
            comments=tuple(comment(note, our_id) for note in notes if is_said(note)),
            all_comments=True,
            moved_by_us=place[1].by == str(our_id),
            edits=edits(notes, our_id),
            attachments=attachments(issue),
            links=links(linked),
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: one request for a hundred notes, and one more. What GitLab itself noted is left out,
        and what only the team may read."""
        notes, our_id = await self._notes(ticket_id), await self._project.me()
        return [comment(note, our_id) for note in notes if is_said(note)]

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`; no line of it is carried out as a quick action."""
        operation = f"comment on issue {ticket_id}"
        made = await self._project.send("POST", operation, self._path(ticket_id, "/notes"), _body(text))
        return str(made["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        operation = f"edit comment {comment_id} of issue {ticket_id}"
        path = self._path(ticket_id, f"/notes/{segment(comment_id)}")
        await self._project.send("PUT", operation, path, _body(text))

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`; None too where it bears no column's label. One request, two more where it bears
        several."""
        issue = await self._issue(ticket_id)
        if issue is None or issue["state"] != "opened":
            return None
        here = named(issue, self._columns)
        if len(here) < 2:
            return next(iter(here), None)
        place = await place_of(self._project, issue, self._columns)
        return place[0] if place else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`: one request puts the new label on and takes the other columns' off."""
        if seen_in == column:
            return
        await self._labels.id_of(column)
        operation, path = f"move issue {ticket_id} to {column!r}", self._path(ticket_id)
        if seen_in is None and set(named(await self._project.get(operation, path), self._columns)) == {column}:
            return
        others = {*self._columns, *filter(None, [seen_in])} - {column}
        body = {"add_labels": column, "remove_labels": ",".join(sorted(others))}
        moved: Json = await self._project.send("PUT", operation, path, body)
        if column not in moved["labels"]:
            # GitLab leaves out what the account may not change, without a word.
            sentence = f"it left the labels as they were. {self._project.vendor.permission_hint}"
            raise PermissionMissing(self._project.vendor.name, operation, sentence)

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: one request, a second one where there is no webhook yet."""
        if self._spec.webhook:
            callback, secret = self._spec.webhook.callback_url, self._spec.secret_name
            await subscribe(self._project, callback, self._secret, EVENTS, "spec.board.webhook", secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        return self._spec.webhook is not None and signed(self._secret, headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._project.http.aclose()

    # The project and its issues

    async def _in(self, column: str) -> list[Json]:
        """The open issues that bear this column's label. Raises Misconfigured where there is no such label."""
        await self._labels.id_of(column)
        params = {"state": "opened", "labels": column, "order_by": "created_at", "sort": "asc"}
        found = await self._project.few(f"read column {column!r}", "/issues", params)
        return [issue for issue in found if named(issue, [column]) and not await self._hidden(issue)]

    async def _issue(self, ticket_id: str) -> Json | None:
        try:
            issue: Json = await self._project.get(f"read issue {ticket_id}", self._path(ticket_id))
        except NotFound:
            return None
        return None if await self._hidden(issue) else issue

    async def _notes(self, ticket_id: str) -> list[Json]:
        """What was said on an issue, and what GitLab noted there itself, oldest first."""
        params = {"sort": "asc", "order_by": "created_at"}
        operation = f"read the comments of issue {ticket_id}"
        return await self._project.all(operation, self._path(ticket_id, "/notes"), params, sieved=True)

    async def _hidden(self, issue: Json) -> bool:
        """Whether more people may see the project's merge requests than this issue, whose text they would show."""
        if not issue["confidential"]:
            return False
        if self._private is None:
            self._private = (await self._project.get(f"read project {self._project.path}"))["visibility"] == "private"
        return not self._private

    async def _label_ids(self) -> dict[str, int]:
        found = await self._project.all(f"read the labels of {self._project.path}", "/labels")
        return {label["name"]: int(label["id"]) for label in found}

    def _path(self, ticket_id: str, below: str = "") -> str:
        return f"/issues/{segment(ticket_id)}{below}"

    def _labelled(self, issue: Json) -> bool:
        return self._spec.label is None or bool(named(issue, [self._spec.label]))


def _number(issue: Json) -> int:
    return int(issue["iid"])


def _body(text: str) -> dict[str, str]:
    return {"body": shorten(harmless(text), COMMENT_LIMIT)}

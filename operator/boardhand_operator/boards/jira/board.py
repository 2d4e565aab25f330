"""Jira as the board: a project's statuses are the columns, its workflow's transitions the moves.

A poll in which nothing changed costs one request, a second one where comments are read beside a filter, and one a
minute for the statuses. What a search finds may be old for some seconds (Cloud): a ready ticket is therefore read by
itself before it is offered, claims are read back from the issue, and whoever seems to have left is asked for alone.

Sources: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and
https://docs.atlassian.com/software/jira/docs/api/REST/latest/ ; tests hold every request to them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look
from boardhand_operator.boards.jira import check, jql, log
from boardhand_operator.boards.jira.cloud import Cloud
from boardhand_operator.boards.jira.datacenter import DataCenter
from boardhand_operator.boards.jira.dialect import Dialect
from boardhand_operator.boards.jira.entered import Entered
from boardhand_operator.boards.jira.fitting import COMMENT_LIMIT, HARD_LIMIT, SHORTER, fitting, too_long
from boardhand_operator.boards.jira.hooks import SECRET, signed, subscribe
from boardhand_operator.boards.jira.issues import Issues
from boardhand_operator.boards.jira.log import Entry, Json
from boardhand_operator.boards.jira.moves import Moves
from boardhand_operator.boards.jira.searches import Searches
from boardhand_operator.boards.jira.statuses import Statuses
from boardhand_operator.boards.jira.talk import Reading, Talk
from boardhand_operator.errors import Rejected
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.signing import required
from boardhand_operator.http.transport import Client, Connection, segment

GATEWAY = "api.atlassian.com"
"""Where tokens with scopes are taken; people's pages are elsewhere."""


class JiraBoard:
    """One project of a Jira, in either dialect."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    dialect: ClassVar[Dialect]
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the address is missing or the credentials cannot be sent."""
        base, secret = check.server(spec), spec.secret_name
        authorization, secrets = self.dialect.authorization(credentials)
        self._webhook_secret = credentials.get(SECRET, "").strip()
        self._hint = (
            f"Give the account of the token in Secret {secret} the permissions Browse projects, Transition issues, Add "
            f"comments and Edit own comments in project {spec.board} (and a token with scopes read:jira-work, "
            "write:jira-work and read:jira-user)."
        )
        vendor = Vendor(
            self.dialect.name,
            f"It refused the token in Secret {secret}: make a new one and put it under the key `token`. "
            + self.dialect.account,
            self._hint,
            ("scope does not match",),
            read_error=check.read_error,
        )
        headers = {"authorization": authorization}
        self._http = Client(vendor, base, headers, [*secrets, self._webhook_secret], connection)
        self._spec, self._base, self._site = spec, base, base
        self._api = self.dialect.api
        self._issues = Issues(self._http, self.dialect, self._hint)
        self._statuses = Statuses(self._http, self._issues, self._api, spec)
        self._searches = Searches(self._http, self.dialect, spec, self._issues, self._statuses)
        self._entered = Entered(self._http, self.dialect)
        self._talk = Talk(self._http, self.dialect)
        self._moves = Moves(self._http, self.dialect, self._hint)
        self._project_id: str | None = None

    async def check(self) -> None:
        """See `Board.check`: five requests, one more for a filter, one for each kind of ticket that is ready."""
        columns = check.check_meanings(self._spec)
        await self._issues.account(anew=True)
        self._project_id = await check.project_id(self._http, self._issues, self.dialect, self._spec)
        await self._statuses.check(columns)
        await check.check_permissions(self._moves, self.dialect, self._spec, self._hint)
        await check.check_filter(self._http, self.dialect, self._spec)
        await check.check_ways(self._http, self.dialect, self._spec, self._statuses, self._moves)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: how many requests, the module says; two more for fifty tickets that are new to the ready
        column or changed in the last half minute, one for fifty that changed since that moment. With a filter only
        those that it lets through are members of the ready column."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        ids = {name: await self._statuses.ids_of(name) for name in names}
        found, recent = await self._searches.find(ids, since)
        inside = {name: [one for one in found if _status(one) in ids[name]] for name in names}
        placed = await self._entered.of([issue for issue in inside[ready] if self._labelled(issue)])
        await self._know_place()
        here = [(entry, issue) for issue, entry in placed if self._labelled(issue) and self._is_here(issue)]
        here.sort(key=lambda pair: (pair[0], int(pair[1]["id"])))
        said = await self._talk.since(since, recent, await self._reading()) if since else ()
        members = {name: frozenset(str(issue["id"]) for issue in issues) for name, issues in inside.items()}
        return Look([self._card(issue, entry, ready) for entry, issue in here], members, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: one request, for who may be assigned issues of the project. Of the first thousand users
        that Jira has, which is as far as it searches."""
        params = {"project": self._spec.board, "maxResults": "1000", **self.dialect.assignable}
        path = f"{self._api}/user/assignable/search"
        users: list[Json] = await self._http.get(f"read who works on {self._spec.board}", path, params)
        return {self.dialect.identity(user): self.dialect.name_of(user) for user in users if user.get("active", True)}

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: two requests, more where the issue has many comments, or many changes since it entered its
        status; all of its comments."""
        params = {"fields": ",".join(log.READ_FIELDS), "expand": "changelog"}
        issue = await self._issues.read(ticket_id, params)
        await self._know_place()
        if issue is None or not self._is_here(issue):
            return None
        histories = await self._issues.histories(issue)
        entry = log.entered(issue, histories)
        assert entry is not None
        reading, identity = await self._reading(), self.dialect.identity
        our_id = identity(await self._issues.account())
        comments = await self._talk.of(str(issue["id"]), issue["fields"].get("comment"))
        remote = await self._issues.remote_links(ticket_id)
        found = self._card(issue, entry, issue["fields"]["status"]["name"])
        return replace(
            log.with_people(found, issue, entry, histories, our_id, identity),
            checklists=log.checklists(issue),
            attachments=log.attachments(issue),
            links=log.links(issue, remote, self._site),
            comments=tuple(reading(comments)),
            all_comments=True,
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: a request for a hundred; without those of others that not everybody may read."""
        reading = await self._reading()
        return reading(await self._issues.sure(self._talk.of(ticket_id)))

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        path = self._issues.path(ticket_id, "/comment")
        made = await self._write("POST", f"comment on issue {ticket_id}", path, text)
        return str(made["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        path = self._issues.path(ticket_id, f"/comment/{segment(comment_id)}")
        await self._write("PUT", f"edit comment {comment_id} of issue {ticket_id}", path, text)

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`; None too where it is archived or in another project. One request."""
        issue = await self._issues.read(ticket_id, {"fields": ",".join(log.PLACE_FIELDS)})
        await self._know_place()
        return str(issue["fields"]["status"]["name"]) if issue and self._is_here(issue) else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`; raises Misconfigured too where the workflow has no transition there."""
        if seen_in == column:
            return
        await self._statuses.ids_of(column)
        self._searches.moved(ticket_id)
        await self._issues.sure(self._moves.move(ticket_id, column, seen_in))

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: one request, a second one where there is no webhook yet."""
        if self._spec.webhook is None:
            return
        required(
            self._webhook_secret, self._spec.secret_name, "spec.board.webhook", "with which Jira is to sign its calls"
        )
        project = f"project = {jql.quoted(self._spec.board)}"
        await subscribe(self._http, self.dialect, self._spec, project, self._webhook_secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        if self._spec.webhook is None or not self._webhook_secret:
            return False
        return signed(self._webhook_secret, body, headers)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # Tickets and comments

    async def _know_place(self) -> None:
        """Ask once for what `_is_here` and `_card` need."""
        if self._project_id is None:
            self._project_id = await check.project_id(self._http, self._issues, self.dialect, self._spec)
        if self._site == self._base and urlsplit(self._base).hostname == GATEWAY:
            told: Json = await self._http.get("read its address", f"{self._api}/serverInfo")
            self._site = str(told["baseUrl"]).rstrip("/")

    def _is_here(self, issue: Json) -> bool:
        fields = issue["fields"]
        return str(fields["project"]["id"]) == self._project_id and not fields.get("archiveddate")

    def _labelled(self, issue: Json) -> bool:
        return self._spec.label is None or self._spec.label in (issue["fields"].get("labels") or ())

    def _card(self, issue: Json, entry: Entry, column: str) -> Card:
        # The column bears the name under which it was asked for.
        return replace(log.card(issue, entry, self._site, self.dialect.markdown), column=column)

    async def _reading(self) -> Reading:
        our_id = self.dialect.identity(await self._issues.account())
        return lambda found: log.comments(found, our_id, self.dialect.identity, self.dialect.markdown)

    async def _write(self, method: str, operation: str, path: str, text: str) -> Json:
        """Send a comment's text; a shorter one where Jira says that it is too long, and has written nothing."""
        for limit in SHORTER:
            body, length = self.dialect.stored(fitting(text, limit))
            last = limit == SHORTER[-1]
            if length > HARD_LIMIT and not last:
                continue
            try:
                call = self._http.send(method, operation, path, {"body": body})
                made: Json = await self._issues.sure(call)
                return made
            except Rejected as refused:
                if last or not too_long(refused):
                    raise
        raise AssertionError("the last length is always tried")


def _status(issue: Json) -> str:
    return str(issue["fields"]["status"]["id"])


class JiraCloud(JiraBoard):
    """A project of a Jira Cloud site, with an account's e-mail address and API token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("email", "token")
    dialect: ClassVar[Dialect] = Cloud()


class JiraDataCenter(JiraBoard):
    """A project of a Jira Data Center, with a personal access token."""

    dialect: ClassVar[Dialect] = DataCenter()

"""Whether a pool's Jira board is well described, and its account may do what it must."""

from __future__ import annotations

from typing import Any

from boardhand_api import pool
from boardhand_operator.boards.jira import jql
from boardhand_operator.boards.jira.dialect import Dialect
from boardhand_operator.boards.jira.issues import Issues
from boardhand_operator.boards.jira.log import Json
from boardhand_operator.boards.jira.moves import Moves, told
from boardhand_operator.boards.jira.statuses import Statuses, missing
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing
from boardhand_operator.http.transport import Client, segment

PERMISSIONS = ("BROWSE_PROJECTS", "TRANSITION_ISSUES", "ADD_COMMENTS", "EDIT_OWN_COMMENTS")
SAMPLES = 50
"""So many tickets are looked at for what their workflows allow,"""
WORKFLOWS = 6
"""and of so many kinds one is asked for."""


def server(spec: pool.Board) -> str:
    """The server's address. Raises Misconfigured where there is none."""
    if spec.url is None:
        raise Misconfigured(
            "UrlMissing",
            "spec.board.url is missing: give the address of your Jira, such as https://acme.atlassian.net, or that of "
            "the server with its context path.",
        )
    return spec.url.rstrip("/")


def read_error(said: Any) -> str | None:
    """The sentences of an error of Jira: those about the request, then those about its fields."""
    if not isinstance(said, dict):
        return None
    sentences = [str(one) for one in said.get("errorMessages") or ()]
    fields = said.get("errors")
    if isinstance(fields, dict):
        sentences += [f"{field}: {why}" for field, why in fields.items()]
    return "; ".join(sentences) or None


async def project_id(http: Client, issues: Issues, dialect: Dialect, spec: pool.Board) -> str:
    """The project's id. Raises Misconfigured where it is archived, or not to be seen."""
    path = f"{dialect.api}/project/{segment(spec.board)}"
    try:
        found: Json = await issues.sure(http.get(f"read project {spec.board}", path))
    except NotFound as failed:
        raise missing(spec, failed) from failed
    if found.get("archived"):
        raise Misconfigured("BoardClosed", f"Jira project {spec.board} is archived: restore it.")
    return str(found["id"])


def check_meanings(spec: pool.Board) -> list[str]:
    """The names of the columns. Raises Misconfigured where the ready one has another meaning too."""
    columns = spec.columns
    wanted = [columns.ready, columns.in_progress, columns.review, *filter(None, [columns.failed])]
    if wanted.count(columns.ready) > 1:
        raise Misconfigured(
            "ColumnTwice",
            f"The ready column {columns.ready!r} also has another meaning in spec.board.columns.",
        )
    return wanted


async def check_permissions(moves: Moves, dialect: Dialect, spec: pool.Board, hint: str) -> None:
    """See that the account has the permissions. Raises PermissionMissing, which names those that it lacks."""
    lacking = await moves.may({"projectKey": spec.board}, PERMISSIONS)
    if lacking:
        said = f"the account lacks the permission {', '.join(lacking)} in project {spec.board}. {hint}"
        raise PermissionMissing(dialect.name, "read what the account may do", said)


async def check_filter(http: Client, dialect: Dialect, spec: pool.Board) -> None:
    """See that Jira understands `spec.board.filter`. Raises Misconfigured in Jira's words."""
    if spec.filter is None:
        return
    wrong = await dialect.check_filter(http, f"project = {jql.quoted(spec.board)} AND ({spec.filter})")
    if wrong:
        raise Misconfigured(
            "FilterWrong",
            f"spec.board.filter is no JQL that Jira takes: {wrong}. It stands within brackets, so it has no ORDER BY.",
        )


async def check_ways(http: Client, dialect: Dialect, spec: pool.Board, statuses: Statuses, moves: Moves) -> None:
    """See that the workflows of the tickets there are lead from the ready column on, one of each kind and status.

    Raises Misconfigured, which names the transitions there are.
    """
    columns = spec.columns
    ways = {
        columns.ready: [columns.in_progress],
        columns.in_progress: [columns.review, *filter(None, [columns.failed])],
    }
    for issue in await _samples(http, dialect, spec, statuses):
        fields = issue["fields"]
        status = fields["status"]["name"]
        there = await moves.transitions(str(issue["id"]), dialect.transitions)
        for column in ways.get(status, ()):
            if column == status or any(way["to"]["name"] == column for way in there):
                continue
            raise Misconfigured(
                "TransitionMissing",
                f"The workflow of {issue['key']} ({fields['issuetype']['name']}) has no transition from {status!r} to "
                f"{column!r}; {told(there)}. Add one, or name another status in spec.board.columns.",
            )


async def _samples(http: Client, dialect: Dialect, spec: pool.Board, statuses: Statuses) -> list[Json]:
    """Of the first tickets that are ready or in progress one of each kind and status."""
    ids = [*statuses.known(spec.columns.ready), *statuses.known(spec.columns.in_progress)]
    clauses = [f"status in ({', '.join(ids)})", f"({spec.filter})" if spec.filter else ""]
    clauses.append(f"labels = {jql.quoted(spec.label)}" if spec.label else "")
    query = jql.changed(spec.board, " AND ".join(filter(None, clauses)))
    found: dict[tuple[str, str], Json] = {}
    seen = 0
    async for issue in dialect.find(http, "read some tickets", query, ["status", "issuetype"]):
        fields = issue["fields"]
        found.setdefault((fields["status"]["id"], fields["issuetype"]["id"]), issue)
        seen += 1
        if seen == SAMPLES:
            break
    return list(found.values())[:WORKFLOWS]

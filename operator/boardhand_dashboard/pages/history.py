"""The history of a namespace: runs whose objects may be gone, searched, as CSV, and one by one."""

from __future__ import annotations

import asyncio
from datetime import date
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from boardhand_api.counts import printable
from boardhand_api.failures import FailureClass
from boardhand_api.run import Task
from boardhand_api.run_status import Phase, PullRequestState
from boardhand_client.errors import Refused
from boardhand_client.steps import Entry, entries
from boardhand_dashboard.templating import environment, page
from boardhand_dashboard.views.archive import view_of_past
from boardhand_dashboard.views.diffs import FileDiff, files_of
from boardhand_dashboard.views.past import may_read_texts
from boardhand_dashboard.views.runview import FILTERS, numbered
from boardhand_dashboard.visitor import signed_in, visitor_of
from boardhand_history.models import Kept
from boardhand_history.queries import Cursor, History, Search, Told
from boardhand_history.sheet import COLUMNS, sheet
from boardhand_operator.kube import Resource

environment.filters |= FILTERS
STEPS = 200
"""So many entries of a transcript are on a page."""
TEXT = 200
"""So many characters of a parameter are read."""
CHOICES = {
    "phase": tuple(phase.value for phase in Phase if phase.finished),
    "class": tuple(one.value for one in FailureClass),
    "task": tuple(task.value for task in Task),
    "pull-request": tuple(state.value for state in PullRequestState),
}
"""What may be asked for, by its parameter."""


async def history_of(request: Request, namespace: str) -> History:
    """The history, for who may list the namespace's runs. Raises Refused, SessionError, HTTPException (404)."""
    if not await visitor_of(request).rights.may("list", Resource.RUNS, namespace):
        raise Refused(f"You may not list the runs of namespace {namespace}: ask who runs the cluster for a role.")
    history: History | None = request.app.state.history
    if history is None:
        raise HTTPException(404, "Nothing is recorded: the chart's value dashboard.history.enabled turns it on.")
    return history


def said_of(request: Request, name: str) -> str:
    """The parameter, without what a page or a database cannot take."""
    return printable(request.query_params.get(name, ""))[:TEXT]


def day_of(request: Request, name: str) -> date | None:
    """The day that the parameter names; None where it is empty. Raises HTTPException (400)."""
    said = request.query_params.get(name, "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise HTTPException(400, f"Give {name} as a day, such as 2026-01-31.") from None


def choice_of(request: Request, name: str) -> str:
    """One of the parameter's CHOICES, or empty. Raises HTTPException (400)."""
    said = request.query_params.get(name, "")
    if said and said not in CHOICES[name]:
        raise HTTPException(400, f"Of {name} there is {', '.join(CHOICES[name])}.")
    return said


def search_of(request: Request) -> Search:
    """What the request looks for. Raises HTTPException (400) naming the parameter that is wrong."""
    return Search(
        text=said_of(request, "q"),
        pool=said_of(request, "pool"),
        phase=choice_of(request, "phase"),
        failure_class=choice_of(request, "class"),
        task=choice_of(request, "task"),
        pull_request=choice_of(request, "pull-request"),
        since=day_of(request, "since"),
        until=day_of(request, "until"),
    )


def _after(request: Request) -> Cursor | None:
    said = said_of(request, "after")
    try:
        return Cursor.of(said) if said else None
    except ValueError as wrong:
        raise HTTPException(400, str(wrong)) from None


def asked_for(request: Request, **other: str) -> str:
    """The request's parameters that say something, and others in their place."""
    known = {name: value for name, value in request.query_params.items() if value and name != "after"}
    return urlencode(known | other)


async def show(request: Request) -> Response:
    """GET /ns/{namespace}/history: a page of the runs that are looked for, the newest first."""
    namespace, search = request.path_params["namespace"], search_of(request)
    history = await history_of(request, namespace)
    found, pools = await asyncio.gather(
        history.search([namespace], search, _after(request)), history.pools([namespace])
    )
    older = asked_for(request, after=str(found.next)) if found.next else ""
    return page(
        request,
        "history.html",
        namespace=namespace,
        search=search,
        rows=found.rows,
        pools=pools,
        choices=CHOICES,
        asked=asked_for(request),
        older=older,
        later="after" in request.query_params,
    )


async def table(request: Request) -> Response:
    """GET /ns/{namespace}/history.csv: all that is looked for."""
    namespace, search = request.path_params["namespace"], search_of(request)
    history = await history_of(request, namespace)
    name = f'attachment; filename="history-{namespace}.csv"'
    lines = sheet(history.every([namespace], search, COLUMNS))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


async def one(request: Request) -> Response:
    """GET /ns/{namespace}/history/{uid}: a run as it was. Its transcript and diff are for who may read logs of pods."""
    namespace = request.path_params["namespace"]
    history = await history_of(request, namespace)
    told = await history.one([namespace], printable(request.path_params["uid"]))
    if told is None:
        raise HTTPException(404, "The history has no such run in this namespace: it may be too old to be kept.")
    logs = await may_read_texts(visitor_of(request), namespace)
    log, files = await asyncio.to_thread(_texts, told) if logs else ([], [])
    first = min(_first(request), max(1, len(log)))
    some = log[first - 1 : first - 1 + STEPS]
    return page(
        request,
        "history_run.html",
        namespace=namespace,
        told=told,
        view=view_of_past(told),
        logs=logs,
        Kept=Kept,
        STEPS=STEPS,
        steps=numbered(some, first - 1 + len(some)),
        total=len(log),
        files=files,
        diff={"cut": told.diff.kept is Kept.CUT},
    )


def _first(request: Request) -> int:
    """Which entry of the transcript is to stand first, from 1."""
    said = request.query_params.get("from", "")
    return max(1, int(said)) if said.isascii() and said.isdigit() and len(said) < 9 else 1


def _texts(told: Told) -> tuple[list[Entry], list[FileDiff]]:
    return entries(told.transcript.read()), files_of(told.diff.read())


_AT = "/ns/{namespace}/history"
routes = [Route(_AT, signed_in(show)), Route(f"{_AT}.csv", signed_in(table)), Route(f"{_AT}/{{uid}}", signed_in(one))]

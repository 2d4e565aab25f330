"""A run: what it is about, how far it is, every step of its agent, its diff; and what may be done to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from decimal import Decimal, InvalidOperation

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from boardhand_client import acting
from boardhand_client.errors import Busy, NotThere, Refused, Rejected
from boardhand_client.reading import pods_of, run_of
from boardhand_client.session import Session
from boardhand_dashboard.live.follows import whole_log
from boardhand_dashboard.live.sse import live
from boardhand_dashboard.live.viewers import Viewer
from boardhand_dashboard.templating import environment, page
from boardhand_dashboard.views.diffs import files_of
from boardhand_dashboard.views.livepage import LOOK_BACK, actions_of, updates
from boardhand_dashboard.views.past import diff_or_past, past_log, past_uid
from boardhand_dashboard.views.runview import FILTERS, numbered, view_of
from boardhand_dashboard.visitor import signed_in, visitor_of
from boardhand_operator.kube import Json

environment.filters |= FILTERS
SAY = 4000
"""So many characters an answer to the agent may have."""


def _of(request: Request) -> tuple[str, str]:
    return request.path_params["namespace"], request.path_params["name"]


async def show(request: Request) -> Response:
    """GET /ns/{namespace}/runs/{name}: as it is now, and live; one that is gone as the history has it."""
    namespace, name = _of(request)
    visitor = visitor_of(request)
    try:
        body, pods, actions = await asyncio.gather(
            run_of(visitor.session, namespace, name),
            _pods(visitor.session, namespace, name),
            actions_of(visitor.rights, namespace),
        )
    except NotThere:
        if uid := await past_uid(request, namespace, name):
            return RedirectResponse(f"/ns/{namespace}/history/{uid}", 303)
        raise
    return page(request, "run.html", namespace=namespace, view=view_of(body, pods), actions=actions)


async def _pods(session: Session, namespace: str, name: str) -> list[Json]:
    """Who may not see pods sees what the run itself tells of its stages."""
    try:
        return await pods_of(session, namespace, name)
    except Refused:
        return []


async def follow(request: Request) -> Response:
    """GET /ns/{namespace}/runs/{name}/live: events `state`, `actions`, `whole`, `steps`, `diff` and `problem`."""
    namespace, name = _of(request)
    visitor, feeds = visitor_of(request), request.app.state.feeds

    def events(viewer: Viewer) -> AsyncGenerator[bytes]:
        return updates(feeds, visitor, viewer, namespace, name)

    return live(request, events)


async def steps(request: Request) -> Response:
    """GET /ns/{namespace}/runs/{name}/steps: entries of the log. before: those that stand before this one."""
    namespace, name = _of(request)
    session = visitor_of(request).session
    try:
        log = await whole_log(session, namespace, name)
    except Refused:
        log = []
    if not log:
        log = await past_log(request, namespace, name)
    before = _number(request.query_params.get("before"), len(log) + 1)
    last = max(0, min(before - 1, len(log)))
    some = numbered(log[max(0, last - LOOK_BACK) : last], last)
    return page(request, "parts/steps.html", namespace=namespace, run=name, steps=some, total=len(log))


async def diff(request: Request) -> Response:
    """GET /ns/{namespace}/runs/{name}/diff: what it pushed, by file."""
    namespace, name = _of(request)
    found = await diff_or_past(request, namespace, name)
    files = files_of(found.text) if found else []
    return page(request, "parts/diff.html", namespace=namespace, files=files, diff=found)


def _number(said: str | None, otherwise: int) -> int:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 9 else otherwise


async def cancel(request: Request) -> Response:
    """POST …/cancel."""
    return await _acted(request, lambda session, namespace, name: acting.cancel(session, namespace, name))


async def suspend(request: Request) -> Response:
    """POST …/suspend."""
    return await _acted(request, lambda session, namespace, name: acting.suspend_run(session, namespace, name))


async def resume(request: Request) -> Response:
    """POST …/resume."""
    return await _acted(request, lambda session, namespace, name: acting.suspend_run(session, namespace, name, False))


async def _acted(request: Request, act: Callable[[Session, str, str], Awaitable[object]]) -> Response:
    namespace, name = _of(request)
    try:
        await act(visitor_of(request).session, namespace, name)
    except Busy:
        raise
    except Rejected as late:
        raise HTTPException(409, str(late)) from None
    return RedirectResponse(f"/ns/{namespace}/runs/{name}", 303)


async def retry(request: Request) -> Response:
    """POST …/retry: the next attempt. money: US dollars that it may use; say: what its agent is told besides."""
    namespace, name = _of(request)
    form = await request.form()
    money, say = _money(str(form.get("money", ""))), str(form.get("say", "")).strip()
    if len(say) > SAY:
        raise HTTPException(400, f"The agent can be told {SAY:,} characters: these are {len(say):,}.")
    try:
        again = await acting.retry(visitor_of(request).session, namespace, name, money, say)
    except Busy:
        raise
    except Rejected as late:
        raise HTTPException(409, str(late)) from None
    return RedirectResponse(f"/ns/{namespace}/runs/{again.name}", 303)


def _money(said: str) -> Decimal | None:
    """Raises HTTPException (400) for what is no amount."""
    if not said.strip():
        return None
    try:
        amount = Decimal(said.strip())
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or not 0 < amount <= 1_000_000:
        raise HTTPException(400, "Give the money as US dollars, such as 2.50, or nothing for what the pool allows.")
    return amount


_AT = "/ns/{namespace}/runs/{name}"
routes = [
    Route(_AT, signed_in(show)),
    Route(f"{_AT}/live", signed_in(follow)),
    Route(f"{_AT}/steps", signed_in(steps)),
    Route(f"{_AT}/diff", signed_in(diff)),
    Route(f"{_AT}/cancel", signed_in(cancel), methods=["POST"]),
    Route(f"{_AT}/suspend", signed_in(suspend), methods=["POST"]),
    Route(f"{_AT}/resume", signed_in(resume), methods=["POST"]),
    Route(f"{_AT}/retry", signed_in(retry), methods=["POST"]),
]

"""Namespaces and pools."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from boardhand_client import acting, reading
from boardhand_client.rows import PoolRow
from boardhand_dashboard.addresses import inside
from boardhand_dashboard.live.sse import live
from boardhand_dashboard.live.viewers import Viewer
from boardhand_dashboard.templating import page
from boardhand_dashboard.views.poolpage import rights_in, updates
from boardhand_dashboard.views.poolview import view
from boardhand_dashboard.visitor import NAMESPACE, Visitor, signed_in, visitor_of
from boardhand_operator.kube import Resource


async def home(request: Request) -> Response:
    """GET /: the namespaces that the visitor may look at, and a field for another one. namespace: go there."""
    wanted = request.query_params.get("namespace", "").strip()
    if NAMESPACE.fullmatch(wanted):
        return RedirectResponse(f"/ns/{wanted}/pools", 303)
    everywhere, counts = await _namespaces(visitor_of(request), request.app.state.settings.namespaces)
    return page(request, "namespaces.html", counts=counts, everywhere=everywhere, wanted=wanted)


async def _namespaces(visitor: Visitor, configured: tuple[str, ...]) -> tuple[bool, dict[str, int | None]]:
    """Whether the visitor may list pools everywhere, and the namespaces with how many they have, if known."""
    if await visitor.rights.may("list", Resource.POOLS):
        found = Counter(row.namespace for row in await reading.pools(visitor.session, None))
        return True, {name: found[name] for name in sorted({*found, *configured})}
    return False, {name: None for name in configured if await visitor.rights.may("list", Resource.POOLS, name)}


async def pools(request: Request) -> Response:
    """GET /ns/{namespace}/pools. What the runs come to is told by the page's events."""
    visitor, namespace = visitor_of(request), request.path_params["namespace"]
    views = [view(row, None, datetime.now(UTC)) for row in await reading.pools(visitor.session, namespace)]
    may = await rights_in(visitor.rights, namespace)
    return page(request, "pools.html", views=views, may=may, single=False)


async def pool(request: Request) -> Response:
    """GET /ns/{namespace}/pools/{name}."""
    visitor, namespace = visitor_of(request), request.path_params["namespace"]
    body = await reading.pool_of(visitor.session, namespace, request.path_params["name"])
    may = await rights_in(visitor.rights, namespace)
    conditions = (body.get("status") or {}).get("conditions") or []
    shown = view(PoolRow.of(body), None, datetime.now(UTC))
    return page(request, "pool.html", view=shown, may=may, conditions=conditions, single=True)


async def follow(request: Request) -> Response:
    """GET /ns/{namespace}/live/pools[/{name}]: their events. shown: names of the pools that the page has."""
    visitor, params = visitor_of(request), request.path_params
    shown = frozenset(request.query_params.getlist("shown"))

    def events(viewer: Viewer) -> AsyncGenerator[bytes]:
        return updates(request.app.state, visitor, viewer, params["namespace"], params.get("name", ""), shown)

    return live(request, events)


async def act(request: Request) -> Response:
    """POST /ns/{namespace}/pools/{name}/suspend or /resume: by the visitor's own rights, whatever the page showed."""
    params, form = request.path_params, await request.form()
    if params["act"] not in ("suspend", "resume"):
        raise HTTPException(404, "A pool can be suspended and resumed.")
    visitor, namespace, name = visitor_of(request), params["namespace"], params["name"]
    await acting.suspend_pool(visitor.session, namespace, name, params["act"] == "suspend")
    back = inside(str(form.get("back", "")), f"/ns/{namespace}/pools")
    return RedirectResponse(back, 303)


routes = [
    Route("/", signed_in(home)),
    Route("/ns/{namespace}/pools", signed_in(pools)),
    Route("/ns/{namespace}/live/pools", signed_in(follow)),
    Route("/ns/{namespace}/live/pools/{name}", signed_in(follow)),
    Route("/ns/{namespace}/pools/{name}", signed_in(pool)),
    Route("/ns/{namespace}/pools/{name}/{act}", signed_in(act), methods=["POST"]),
]
"""After those of the form: it has `pools/new` and `pools/{name}/edit`."""

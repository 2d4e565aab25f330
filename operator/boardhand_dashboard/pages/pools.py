"""Namespaces and pools."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_dashboard.templating import page
from boardhand_dashboard.visitor import signed_in


async def home(request: Request) -> Response:
    """GET /: the namespaces that the visitor may look at."""
    return page(request, "namespaces.html", namespaces=[], everywhere=False)


async def pools(request: Request) -> Response:
    """GET /ns/{namespace}/pools."""
    return page(request, "pools.html", namespace=request.path_params["namespace"], pools=[])


routes = [Route("/", signed_in(home)), Route("/ns/{namespace}/pools", signed_in(pools))]

"""The dashboard as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from boardhand_dashboard import problems
from boardhand_dashboard.live.feeds import Feeds
from boardhand_dashboard.live.sse import Places
from boardhand_dashboard.pages import board, form, history, login, pools, reports, runs
from boardhand_dashboard.security import Guard
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.signin.entrance import Entrance
from boardhand_dashboard.signin.limits import Attempts
from boardhand_dashboard.signin.logins import Logins
from boardhand_dashboard.templating import compile_all
from boardhand_dashboard.visitor import is_guarded
from boardhand_history.queries import History

STATIC = Path(__file__).with_name("static")
VENDORED = ("vendor/htmx.min.js", "vendor/sse.min.js")
"""What `make web` brings."""
SWEEP_SECONDS = 30.0
PAGES: tuple[list[Route], ...] = (
    login.routes,
    form.routes,
    pools.routes,
    board.routes,
    runs.routes,
    history.routes,
    reports.routes,
)
"""The routes of every module of pages. Each endpoint is `signed_in`, or one of `login.OPEN`."""
log = logging.getLogger(__name__)


class NotBuilt(Exception):
    """Something that pages load is not there; the message says what to run."""


def build(settings: Settings) -> Starlette:
    """The application. Raises NotBuilt where htmx is not there.

    `app.state` has settings, entrance (who is let in), attempts (how often anybody may try), feeds and places (what is
    read live, and for how many).
    """
    missing = [name for name in VENDORED if not (STATIC / name).is_file()]
    if missing:
        raise NotBuilt(f"{', '.join(missing)} is not in {STATIC}: run `make web`, which brings it by npm")
    routes = _gathered(PAGES)
    compile_all()
    app = Starlette(
        routes=[
            Route("/healthz", _health),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
            *routes,
        ],
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers=problems.HANDLERS,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.attempts = Attempts()
    app.state.tries = form.tries_of(settings)
    app.state.feeds, app.state.places = Feeds(), Places()
    app.state.history = History.at(settings.database) if settings.database else None
    app.state.entrance = Entrance(settings, Logins(settings.idle_seconds, settings.absolute_seconds))
    return app


def _gathered(pages: Iterable[list[Route]]) -> list[BaseRoute]:
    """All routes. Raises TypeError for one that lets in whoever comes."""
    routes = [route for each in pages for route in each]
    for route in routes:
        if not is_guarded(route.endpoint) and route.endpoint not in login.OPEN:
            raise TypeError(f"{route.path} is for everybody: have its endpoint `signed_in`")
    return [*routes]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    logins: Logins = app.state.entrance.logins
    sweeping = asyncio.create_task(_sweep(logins))
    try:
        yield
    finally:
        sweeping.cancel()
        await logins.close()
        if app.state.history is not None:
            await app.state.history.close()


async def _sweep(logins: Logins) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await logins.sweep()


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")

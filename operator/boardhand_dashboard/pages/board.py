"""The board as Boardhand sees it: columns of runs, moving live."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_client.errors import Refused
from boardhand_client.rows import Column, RunRow
from boardhand_dashboard.live.feeds import Feed
from boardhand_dashboard.live.listing import Rows
from boardhand_dashboard.live.sse import event, live
from boardhand_dashboard.live.viewers import Viewer
from boardhand_dashboard.templating import page, part
from boardhand_dashboard.views.shown import Shown, delta, shown
from boardhand_dashboard.visitor import signed_in, visitor_of
from boardhand_operator.kube import Resource


async def show(request: Request) -> Response:
    """GET /ns/{namespace}/board: the frame, at once; the runs come live. pool: this one's alone."""
    namespace, pool = request.path_params["namespace"], request.query_params.get("pool", "")
    if not await visitor_of(request).rights.may("list", Resource.RUNS, namespace):
        raise Refused(f"You may not list the runs of namespace {namespace}: ask who runs the cluster for a role.")
    return page(request, "board.html", namespace=namespace, pool=pool, columns=list(Column))


async def follow(request: Request) -> Response:
    """GET /ns/{namespace}/board/live: events `state`, `board` (whole) and `moves`."""
    namespace, pool = request.path_params["namespace"], request.query_params.get("pool", "")
    feeds, session = request.app.state.feeds, visitor_of(request).session

    async def events(viewer: Viewer) -> AsyncGenerator[bytes]:
        async with feeds.runs(session, viewer, namespace) as feed:
            async for one in _events(feed, viewer, namespace, pool):
                yield one

    return live(request, events)


async def _events(feed: Feed[Rows[RunRow]], viewer: Viewer, namespace: str, pool: str) -> AsyncGenerator[bytes]:
    seen: tuple[int, Shown] | None = None
    # Also where all is well: a stream before this one may have told of a problem.
    yield _state(feed)
    if feed.reader.ready:
        seen = (feed.version, _shown(feed, pool))
        yield _whole(feed, namespace, pool)
    async for names in viewer.changes():
        if not feed.reader.ready or "" in names:
            yield _state(feed)
        if not feed.reader.ready:
            continue
        if seen is None:
            yield _whole(feed, namespace, pool)
        elif moves := _moves(feed, seen, namespace, pool):
            yield moves
        seen = (feed.version, _shown(feed, pool))


def _state(feed: Feed[Rows[RunRow]]) -> bytes:
    """How far the reading is, or why nothing comes."""
    return event("state", part("parts/board_state.html", feed=feed))


def _shown(feed: Feed[Rows[RunRow]], pool: str) -> Shown:
    return feed.once(("shown", pool), lambda: shown(feed.reader.rows.values(), pool))


def _whole(feed: Feed[Rows[RunRow]], namespace: str, pool: str) -> bytes:
    def made() -> bytes:
        board = _shown(feed, pool)
        return event("board", part("parts/board.html", board=board, namespace=namespace, pool=pool))

    return feed.once(("whole", pool), made)


def _moves(feed: Feed[Rows[RunRow]], seen: tuple[int, Shown], namespace: str, pool: str) -> bytes:
    """From what this page shows to what there is; empty where it is the same."""
    version, before = seen

    def made() -> bytes:
        change = delta(before, _shown(feed, pool))
        if not change:
            return b""
        return event("moves", part("parts/board_moves.html", change=change, namespace=namespace))

    return feed.once(("moves", pool, version), made)


routes = [
    Route("/ns/{namespace}/board", signed_in(show)),
    Route("/ns/{namespace}/board/live", signed_in(follow)),
]

"""Server-sent events: what they look like, and who gets a stream of them.

The text of an event is HTML of ours; a line break in it, wherever that comes from, begins another `data:` line, so
nothing in it begins another event. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from contextlib import aclosing, contextmanager

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boardhand_client.errors import Busy, SessionError, Unreachable
from boardhand_dashboard.live.viewers import CutOff, Viewer
from boardhand_dashboard.security import same_origin
from boardhand_dashboard.templating import part
from boardhand_dashboard.visitor import Visitor, visitor_of

PING_SECONDS = 15
MOST = 1000
MOST_OF_ONE = 20


def event(name: str, html: str) -> bytes:
    """One event, ready to be sent to many."""
    return ServerSentEvent(html, event=name, sep="\n").encode()


class Places:
    """How many streams there are: `most`, and `most_of_one` for each visitor."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._taken: Counter[Hashable] = Counter()

    @property
    def taken(self) -> int:
        return self._taken.total()

    def refuse(self, visitor: Hashable) -> None:
        """Raises HTTPException where there is no place: 429 for who has too many, 503 where all have."""
        if self._taken[visitor] >= self._most_of_one:
            raise HTTPException(
                429, f"You have {self._most_of_one} live pages open. Close one, and load this page again."
            )
        if self.taken >= self._most:
            raise HTTPException(503, f"{self._most} live pages are open. Try again later.", {"Retry-After": "60"})

    @contextmanager
    def place(self, visitor: Hashable) -> Iterator[None]:
        """A place, while it is needed. Raises HTTPException where there is none."""
        self.refuse(visitor)
        self._taken[visitor] += 1
        try:
            yield
        finally:
            self._taken[visitor] -= 1
            if not self._taken[visitor]:
                del self._taken[visitor]


Events = Callable[[Viewer], AsyncGenerator[bytes]]


def live(request: Request, events: Events) -> Response:
    """The events of a page, as long as this visitor may have them; an event `closed` says why there are no more, an
    event `problem` why the stream ends before it can begin.

    Raises HTTPException: 403 where another site's page asks, 429 or 503 where there is no place (see Places).
    """
    if not same_origin(request.headers):
        raise HTTPException(403, "Only a page of this dashboard may ask for this.")
    visitor, state = visitor_of(request), request.app.state
    state.places.refuse(visitor)
    # Who takes nothing is let go by the kernel (see `serving`): a time-out here would be told as an error of ours.
    stream = guarded(visitor, state.places, state.feeds.viewer(), events)
    return EventSourceResponse(stream, ping=PING_SECONDS, sep="\n")


async def guarded(visitor: Visitor, places: Places, viewer: Viewer, events: Events) -> AsyncGenerator[bytes]:
    """The same events in a place, until the visitor is signed out or may look no more, and why."""
    leaving = asyncio.create_task(_cut_once_left(visitor, viewer))
    try:
        with places.place(visitor):
            async with aclosing(events(viewer)) as stream:
                async for one in stream:
                    yield one
    except (Unreachable, Busy) as down:
        # Not the last of it: browsers open a stream that ends anew, by themselves.
        yield problem(str(down))
    except (CutOff, SessionError) as end:
        yield closed(str(end))
    except HTTPException as full:
        yield closed(full.detail)
    finally:
        leaving.cancel()


async def _cut_once_left(visitor: Visitor, viewer: Viewer) -> None:
    await visitor.left.wait()
    viewer.cut("You are signed out.")


def problem(said: str) -> bytes:
    """Why nothing comes at present; empty where all is well."""
    return event("problem", part("parts/live_problem.html", problem=said))


def closed(why: str) -> bytes:
    """The last event: the page shows why, and asks no more."""
    return event("closed", part("parts/closed.html", why=why))

"""Streams of events: what text cannot do to them, who gets one, and when it ends."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import AsyncGenerator
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_client.errors import Busy, Refused, Unreachable
from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard import serving
from boardhand_dashboard.live.feeds import Feeds
from boardhand_dashboard.live.sse import Places, event, guarded, live
from boardhand_dashboard.live.viewers import CutOff, Viewer
from boardhand_dashboard.serving import bound, serve
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.visitor import Visitor, signed_in

_LINES = re.compile("\r\n|\r|\n")
NASTY = st.text(st.sampled_from("ab: \n\r\x00\x0b\x85\u2028<>&\ufeff"), max_size=40)


def read(stream: str) -> list[tuple[str, str]]:
    """Events as the HTML standard has a browser read them: name and data."""
    found, name, data = [], "message", list[str]()
    for line in _LINES.split(stream):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                found.append((name, "\n".join(data)))
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return found


@given(NASTY)
@example("x\r\n\r\nevent: closed\rdata: forged\n\n")
def test_no_text_begins_an_event_of_its_own(text: str) -> None:
    assert read(event("state", text).decode()) == [("state", "\n".join(_LINES.split(text)))]


def visitor() -> Visitor:
    session = cast(Session, object())
    return Visitor("ann", session, Rights(session))


def test_nobody_has_more_streams_than_there_are_places() -> None:
    places = Places(most=3, most_of_one=2)
    with places.place("ann"), places.place("ann"):
        with pytest.raises(HTTPException, match="You have 2 live pages open") as refused, places.place("ann"):
            pass
        assert refused.value.status_code == 429
        with places.place("ben"):
            with pytest.raises(HTTPException, match="3 live pages are open") as refused, places.place("cid"):
                pass
            assert refused.value.status_code == 503
    assert places.taken == 0


async def endless(viewer: Viewer) -> AsyncGenerator[bytes]:
    yield event("state", "begun")
    async for _ in viewer.changes():
        yield event("state", "more")


async def test_a_stream_ends_once_the_visitor_is_signed_out() -> None:
    someone, places = visitor(), Places()
    stream = guarded(someone, places, Viewer(0.01), endless)
    assert read((await anext(stream)).decode()) == [("state", "begun")]
    assert places.taken == 1
    someone.left.set()
    async with asyncio.timeout(1):
        ((name, said),) = read((await anext(stream)).decode())
        assert (name, "You are signed out." in said) == ("closed", True)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    assert places.taken == 0


async def test_a_page_that_is_left_gives_its_place_back() -> None:
    places = Places()
    stream = guarded(visitor(), places, Viewer(0.01), endless)
    await anext(stream)
    await stream.aclose()
    assert places.taken == 0


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (CutOff("<b>no more"), "closed"),
        (Refused("<b>no more"), "closed"),
        (Unreachable("<b>no more"), "problem"),
        (Busy("<b>no more"), "problem"),
    ],
)
async def test_what_ends_a_stream_is_said_on_the_page_and_for_good_where_it_is(why: Exception, told: str) -> None:
    async def failing(_: Viewer) -> AsyncGenerator[bytes]:
        yield event("state", "begun")
        raise why

    _, last = [one async for one in guarded(visitor(), Places(), Viewer(0.01), failing)]
    ((name, said),) = read(last.decode())
    assert name == told
    assert "&lt;b&gt;no more" in said


async def test_a_stream_beyond_the_places_says_so() -> None:
    (last,) = [one async for one in guarded(visitor(), Places(most_of_one=0), Viewer(0.01), endless)]
    assert "You have 0 live pages open" in last.decode()


def test_an_answer_of_two_packets_does_not_wait_for_an_acknowledgement() -> None:
    with bound("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def flood(_: Viewer) -> AsyncGenerator[bytes]:
    while True:
        yield event("state", "x" * 100_000)
        await asyncio.sleep(0)


async def _flooded(request: Request) -> Response:
    return live(request, flood)


@pytest.mark.slow
async def test_who_takes_nothing_is_gone_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "STILL_SECONDS", 1)
    someone = visitor()

    class Entrance:
        async def enter(self, _: Request) -> tuple[Visitor, None]:
            return someone, None

    app = Starlette(routes=[Route("/live", signed_in(_flooded))])
    app.state.entrance, app.state.feeds, app.state.places = Entrance(), Feeds(), Places()
    listening = bound("127.0.0.1", 0)
    caplog.set_level(logging.WARNING)
    task = asyncio.create_task(serve(app, Settings(), listening))
    with socket.create_connection(listening.getsockname()) as client:
        client.sendall(b"GET /live HTTP/1.1\r\nHost: here\r\n\r\n")
        async with asyncio.timeout(20):
            while app.state.places.taken != 1:
                await asyncio.sleep(0.01)
            while app.state.places.taken != 0:
                await asyncio.sleep(0.05)
    assert caplog.records == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

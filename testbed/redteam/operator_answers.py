"""A board that is the attacker's, or was taken over: what its answers do to the operator's client."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from http.server import BaseHTTPRequestHandler
from unittest.mock import patch

from boardhand_operator.errors import BoardhandError
from boardhand_operator.http import exchange, transport
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.exchange import ANSWER_BYTES
from boardhand_operator.http.transport import Client, Connection
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.hostile_server import Answers, answer, bomb, endless, plain, serving, unpacking_whole
from testbed.redteam.lures import listening
from testbed.redteam.operator_scene import scene

TOKEN = "canary-of-the-boards-token-5c21"
VENDOR = Vendor("The board", "Correct it.", "Let it.")
MEMORY = 8 * ANSWER_BYTES


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack("board-answers-without-end", "the operator's memory", lambda: _memory(endless)),
        Attack(
            "board-answers-with-a-zip-bomb", "the operator's memory", lambda: _memory(bomb()),
            lambda: _memory(bomb(), unpacking_whole()), "an answer is unpacked within bounds",
        ),
        Attack("board-answers-packed-twice", "the operator's memory", lambda: _memory(bomb(twice=True))),
        Attack(
            "board-answers-slowly", "a poll that never ends", _slow,
            lambda: _slow(patient=True), "an answer has a time",
        ),
        Attack(
            "board-answers-nested-deep", "an error that nothing is prepared for",
            lambda: _falls(plain(b"[" * 300_000)),
        ),
        Attack("board-answers-in-another-charset", "an error that nothing is prepared for", _charset),
        Attack("board-answers-with-numbers-that-are-none", "an error that nothing is prepared for", _numbers),
        Attack(
            "board-points-to-the-metadata-service", "the token, or an answer, of another server", _redirect,
            lambda: _redirect(patch.object(exchange, "_origin", lambda _: ("", ""))),
            "answers come from one host", short=True,
        ),
        Attack(
            "board-names-a-next-page-elsewhere", "the token at another server", _next_page,
            lambda: _next_page(patch.object(exchange, "_origin", lambda _: ("", ""))), "answers come from one host",
        ),
        Attack("board-with-pages-without-end", "a poll that never ends", _pages),
        Attack("board-quotes-the-token-in-its-refusal", "the token in status and log", _quoted, short=True),
        Attack("board-of-wrong-types", "an operator that falls over one pool's board", _types),
    ]  # fmt: skip


def asked(url: str, ask: Callable[[Client], Awaitable[object]]) -> tuple[object, BaseException | None]:
    """What the operator's client makes of it."""

    async def once() -> object:
        client = Client(VENDOR, url, {"authorization": f"Bearer {TOKEN}"}, [TOKEN], Connection(), sleep=_at_once)
        try:
            return await ask(client)
        finally:
            await client.aclose()

    async def answered() -> object | BaseException:
        (answer,) = await asyncio.gather(once(), return_exceptions=True)
        return answer

    answer = asyncio.run(answered())
    return (None, answer) if isinstance(answer, BaseException) else (answer, None)


async def _at_once(_: float) -> None:
    return None


async def _look(client: Client) -> object:
    return await client.get("look", "/cards")


def _said(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}" if error else "taken as it is"


def _memory(answers: Answers, off: AbstractContextManager[object] | None = None) -> Outcome:
    with serving(answers) as url, off or nullcontext():
        tracemalloc.start()
        _, error = asked(url, _look)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return Outcome(peak > MEMORY or not isinstance(error, BoardhandError | zlib.error), _said(error))


def _slow(*, patient: bool = False) -> Outcome:
    """A byte now and then, each in time."""

    def drips(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("content-length", "1000")
        to.end_headers()
        for _ in range(40):
            to.wfile.write(b" ")
            to.wfile.flush()
            time.sleep(0.2)

    seconds = 600.0 if patient else 1.0
    with (
        serving(drips) as url,
        patch.object(exchange, "REQUEST_SECONDS", seconds),
        patch.object(transport, "RETRIES", 0),
    ):
        begun = time.monotonic()
        _, error = asked(url, _look)
        took = time.monotonic() - begun
    return Outcome(took > 4, _said(error))


def _falls(answers: Answers) -> Outcome:
    """Whether it raises what no caller of a board is prepared for."""
    with serving(answers) as url:
        _, error = asked(url, _look)
    return Outcome(not isinstance(error, BoardhandError), _said(error))


def _charset() -> Outcome:
    body = '{"name": "ÿ"}'.encode("latin-1")
    return _falls(plain(body, content_type="application/json; charset=latin-1"))


def _numbers() -> Outcome:
    return _falls(plain(b'{"id": ' + b"9" * 100_000 + b"}"))


def _redirect(off: AbstractContextManager[object] | None = None) -> Outcome:
    with listening() as metadata, serving(plain(b"", 302, location=f"{metadata.url}/latest/meta-data/")) as url:
        with off or nullcontext():
            _, error = asked(url, _look)
        return Outcome(bool(metadata.requests), _said(error))


def _next_page(off: AbstractContextManager[object] | None = None) -> Outcome:
    async def pages(client: Client) -> object:
        return [page async for page in client.pages("list", "/cards")]

    with listening() as thief, serving(plain(b"[]", link=f'<{thief.url}/more>; rel="next"')) as url:
        with off or nullcontext():
            _, error = asked(url, pages)
        return Outcome(thief.has(TOKEN), _said(error))


def _pages() -> Outcome:
    count = 0

    def more(to: BaseHTTPRequestHandler) -> None:
        nonlocal count
        count += 1
        answer(to, b"[1]", headers={"link": f'<http://{to.headers["host"]}/cards?page={count}>; rel="next"'})

    async def pages(client: Client) -> object:
        return [page async for page in client.pages("list", "/cards")]

    with serving(more) as url:
        _, error = asked(url, pages)
    return Outcome(
        count > 2 * transport.PAGES or not isinstance(error, BoardhandError), f"{count} pages; {_said(error)}"
    )


def _quoted() -> Outcome:
    def echo(to: BaseHTTPRequestHandler) -> None:
        said = f"wrong credentials: {to.headers['authorization']}"
        answer(to, json.dumps({"message": said}).encode(), 400)

    with serving(echo) as url:
        _, error = asked(url, _look)
    return Outcome(TOKEN in f"{error!r} {error}" or error is None, _said(error))


def _types() -> Outcome:
    """A pool whose board answers with what is none of Trello's, beside another pool."""
    bodies = itertools.cycle((b"null", b"[]", b"{}", b'"text"', b"7", b'[{"200": null}]', b'{"id": {}, "closed": []}'))
    with serving(lambda to: answer(to, next(bodies))) as url, scene() as here:
        strange = here.pool("strange", board=True)
        strange["spec"]["board"]["url"] = f"{url}/1"
        here.apply(strange, "False")
        here.apply(here.pool(board=True))
        here.ground.board.add_card(here.board, "Beside it", "")
        worked = here.comes(lambda: [run["spec"]["pool"] for run in here.all("ticketruns")] == ["pool"], 20)
        said = here.condition("codingagents", "strange", "Ready")
    return Outcome(not worked, f"{said['reason']}: {said['message']}")

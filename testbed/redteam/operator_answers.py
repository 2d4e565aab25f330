"""A board or a forge that is the attacker's, or was taken over: what its answers do to the operator's client."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import re
import threading
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

import httpx

from boardhand_api import pool
from boardhand_operator.errors import BoardhandError
from boardhand_operator.forges import open_forge
from boardhand_operator.forges.gitea import pulls
from boardhand_operator.http import exchange, transport
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.exchange import ANSWER_BYTES
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.http.unpacking import Body
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.lures import listening
from testbed.redteam.operator_ground import scene

TOKEN = "canary-of-the-boards-token-5c21"
VENDOR = Vendor("The board", "Correct it.", "Let it.")
PAGE = "javascript:alert(1)//) @all"
MEMORY = 8 * ANSWER_BYTES
Answers = Callable[[BaseHTTPRequestHandler], None]


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack("board-answers-without-end", "the operator's memory", lambda: _memory(_endless)),
        Attack(
            "board-answers-with-a-zip-bomb", "the operator's memory", lambda: _memory(_bomb()),
            lambda: _memory(_bomb(), _unpacking_whole()), "an answer is unpacked within bounds",
        ),
        Attack("board-answers-packed-twice", "the operator's memory", lambda: _memory(_bomb(twice=True))),
        Attack(
            "board-answers-slowly", "a poll that never ends", _slow,
            lambda: _slow(patient=True), "an answer has a time",
        ),
        Attack(
            "board-answers-nested-deep", "an error that nothing is prepared for",
            lambda: _falls(_plain(b"[" * 300_000)),
        ),
        Attack("board-answers-in-another-charset", "an error that nothing is prepared for", _charset),
        Attack("board-answers-with-numbers-that-are-none", "an error that nothing is prepared for", _numbers),
        Attack(
            "board-points-to-the-metadata-service", "the token, or an answer, of another server", _redirect,
            lambda: _redirect(patch.object(exchange, "_same_host", lambda *_: True)),
            "answers come from one host", short=True,
        ),
        Attack(
            "board-names-a-next-page-elsewhere", "the token at another server", _next_page,
            lambda: _next_page(patch.object(exchange, "_same_host", lambda *_: True)), "answers come from one host",
        ),
        Attack("board-with-pages-without-end", "a poll that never ends", _pages),
        Attack("board-quotes-the-token-in-its-refusal", "the token in status and log", _quoted, short=True),
        Attack(
            "pull-request-of-a-fork", "a stranger's pull request taken for the run's", _fork,
            lambda: _fork(patch.object(pulls, "_joins", lambda *_: True)),
            "only the repository's own branch counts", short=True,
        ),
        Attack(
            "pull-request-page-of-the-attackers", "an address that people press, of a forge's own making", _page,
            lambda: _page("pages"), "a page is a plain address of the web",
        ),
        Attack("board-of-wrong-types", "an operator that falls over one pool's board", _types),
    ]  # fmt: skip


@contextmanager
def serving(answers: Answers) -> Iterator[str]:
    """A server that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            try:
                answers(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = _any

        def log_message(self, *_: object) -> None:
            """Not on the suite's screen."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that goes away is what is looked for."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def answer(
    to: BaseHTTPRequestHandler, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    to.send_response(status)
    for name, value in {"content-type": "application/json", **(headers or {})}.items():
        to.send_header(name, value)
    to.send_header("content-length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def _plain(body: bytes, status: int = 200, **headers: str) -> Answers:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda to: answer(to, body, status, named)


def asked(url: str, ask: Callable[[Client], Awaitable[object]]) -> tuple[object, BaseException | None]:
    """What the operator's client makes of it."""

    async def once() -> object:
        client = Client(VENDOR, url, {"authorization": f"Bearer {TOKEN}"}, [TOKEN], Connection(), sleep=_at_once)
        try:
            return await ask(client)
        finally:
            await client.aclose()

    try:
        return asyncio.run(once()), None
    except Exception as error:  # noqa: BLE001 (which it is, is what is looked at)
        return None, error


async def _at_once(_: float) -> None:
    return None


async def _look(client: Client) -> object:
    return await client.get("look", "/cards")


def _said(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}" if error else "taken as it is"


def _endless(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.send_header("transfer-encoding", "chunked")
    to.end_headers()
    piece = b"10000\r\n" + b"[" * 65536 + b"\r\n"
    for _ in range(10_000):
        to.wfile.write(piece)


def _bomb(*, twice: bool = False) -> Answers:
    packed = gzip.compress(bytes(200 * 1024 * 1024), 9)
    if twice:
        return _plain(gzip.compress(packed, 9), content_encoding="gzip, gzip")
    return _plain(packed, content_encoding="gzip")


def _unpacking_whole() -> AbstractContextManager[object]:
    """As if a body were unpacked whole, and measured then."""

    def feed(self: Body, chunk: bytes) -> None:
        assert self._packed is not None
        self.bytes += self._packed.decompress(chunk)

    return patch.object(Body, "feed", feed)


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
    return _falls(_plain(body, content_type="application/json; charset=latin-1"))


def _numbers() -> Outcome:
    return _falls(_plain(b'{"id": ' + b"9" * 100_000 + b"}"))


def _redirect(off: AbstractContextManager[object] | None = None) -> Outcome:
    with listening() as metadata, serving(_plain(b"", 302, location=f"{metadata.url}/latest/meta-data/")) as url:
        with off or nullcontext():
            _, error = asked(url, _look)
        return Outcome(bool(metadata.requests), _said(error))


def _next_page(off: AbstractContextManager[object] | None = None) -> Outcome:
    async def pages(client: Client) -> object:
        return [page async for page in client.pages("list", "/cards")]

    with listening() as thief, serving(_plain(b"[]", link=f'<{thief.url}/more>; rel="next"')) as url:
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


def _fork(off: AbstractContextManager[object] | None = None) -> Outcome:
    """Somebody's fork has a branch of the run's name, and an open pull request of it."""
    stranger = {
        **{"number": 3, "state": "open", "html_url": "http://forge.test/evil/cart/pulls/3"},
        "head": {"ref": "boardhand/1-total", "repo_id": 66},
        "base": {"ref": "release/1", "repo_id": 1},
    }

    def answers(to: BaseHTTPRequestHandler) -> None:
        first = "page=1&" in f"{to.path}&"
        answer(to, json.dumps([stranger] if first else []).encode())

    with serving(answers) as url, off or nullcontext():
        spec = pool.Forge.model_validate({"type": "gitea", "url": url, "secretRef": {"name": "s"}})
        push = {"name": "s"}
        at = {"url": f"{url}/shop/cart.git", "branch": "release/1", "pushSecretRef": push}
        forge = open_forge(spec, pool.Repository.model_validate(at), {"token": TOKEN}, Connection())

        async def found() -> object:
            try:
                return await forge.pull_request("boardhand/1-total")
            finally:
                await forge.aclose()

        there = asyncio.run(found())
    return Outcome(there is not None, "the run has no pull request yet, and opens its own")


def _page(off: str = "") -> Outcome:
    """A forge that calls something else the page of the run's pull request."""
    with scene(off) as here:
        forge = here.ground.forge_url

        def relay(to: BaseHTTPRequestHandler) -> None:
            sent = to.rfile.read(int(to.headers.get("content-length") or 0))
            kept = {name: to.headers[name] for name in ("authorization", "content-type") if name in to.headers}
            got = httpx.request(to.command, forge + to.path, content=sent, headers=kept, trust_env=False)
            answer(
                to, re.sub(rb'("html_url": *)"[^"]*"', rb"\1" + json.dumps(PAGE).encode(), got.content), got.status_code
            )

        with serving(relay) as url:
            body = here.pool()
            body["spec"]["forge"]["url"] = url
            body["spec"]["repository"]["url"] = body["spec"]["repository"]["url"].replace(forge, url)
            here.apply(body)
            here.run("pressed")
            reached = here.comes(lambda: PAGE in str(here.status("pressed")), 15)
            said = here.condition("codingagents", "pool", "Ready")
    return Outcome(reached, f"{said['reason']}: {said['message']}")


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

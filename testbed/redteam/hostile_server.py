"""A server of the attacker's own: what it answers to the operator, or to whoever asks."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from boardhand_operator.http.unpacking import Body

Answers = Callable[[BaseHTTPRequestHandler], None]


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
    """One answer, whole."""
    to.send_response(status)
    for name, value in {"content-type": "application/json", **(headers or {})}.items():
        to.send_header(name, value)
    to.send_header("content-length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def plain(body: bytes, status: int = 200, **headers: str) -> Answers:
    """Always the same answer; a header's name has _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda to: answer(to, body, status, named)


def endless(to: BaseHTTPRequestHandler) -> None:
    """An answer that goes on and on."""
    to.send_response(200)
    to.send_header("transfer-encoding", "chunked")
    to.end_headers()
    piece = b"10000\r\n" + b"[" * 65536 + b"\r\n"
    for _ in range(10_000):
        to.wfile.write(piece)


def bomb(*, twice: bool = False) -> Answers:
    """200 MiB of nothing, packed into very little."""
    packed = gzip.compress(bytes(200 * 1024 * 1024), 9)
    if twice:
        return plain(gzip.compress(packed, 9), content_encoding="gzip, gzip")
    return plain(packed, content_encoding="gzip")


def unpacking_whole() -> AbstractContextManager[object]:
    """As if a body were unpacked whole, and measured then."""

    def feed(self: Body, chunk: bytes) -> None:
        assert self._packed is not None
        self.bytes += self._packed.decompress(chunk)

    return patch.object(Body, "feed", feed)

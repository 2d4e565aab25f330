"""A server on the loopback that gives written HTTP answers and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Canned = tuple[int, dict[str, str], str | Iterable[str]]
"""Status, headers and body; a body in pieces is sent piece by piece, for as long as the client listens."""


STREAM = {"Content-Type": "text/event-stream"}


class Server(ThreadingHTTPServer):
    """Gives written HTTP answers in order, the last one for ever, and keeps what it was sent."""

    def __init__(self, *answers: Canned) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.seen: list[dict[str, Any]] = []
        self.left = 0
        """Clients that did not listen to the end."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        status, headers, text = self.server.answers[min(len(self.server.seen), len(self.server.answers) - 1)]
        key = self.headers["Authorization"] or self.headers["x-goog-api-key"] or self.headers["x-api-key"]
        self.server.seen.append({"path": self.path, "key": key.removeprefix("Bearer "), "body": body, "raw": raw})
        self.send_response(status)
        told = (
            {"Content-Type": "application/json", "Content-Length": str(len(text))} if isinstance(text, str) else STREAM
        )
        for name, value in (told | headers).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in [text] if isinstance(text, str) else text:
                self.wfile.write(piece.encode())
                self.wfile.flush()
        except ConnectionError:
            self.server.left += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving(*answers: Canned) -> Iterator[Server]:
    """The server, for as long as a test needs it."""
    server = Server(*answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

"""What an attacker listens with: a server of the attacker's own that keeps every byte it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOT_WITHOUT_A_NAME = b"who is there?\n"


@dataclass
class Heard:
    """What the server was sent."""

    url: str
    requests: list[str] = field(default_factory=list)
    """Request lines with their headers."""

    def has(self, text: str) -> bool:
        return any(text in request for request in self.requests)


@contextmanager
def listening() -> Iterator[Heard]:
    """A server that keeps what it is sent and answers that it wants a name and a password."""
    heard = Heard("")

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            heard.requests.append(f"{self.requestline}\n{self.headers}")
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="lure"')
            self.send_header("Content-Length", str(len(NOT_WITHOUT_A_NAME)))
            self.end_headers()
            self.wfile.write(NOT_WITHOUT_A_NAME)

        do_GET = do_POST = do_CONNECT = _any

        def log_message(self, *_: object) -> None:
            """Not on the suite's screen."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield heard
        finally:
            server.shutdown()

"""A registry of images over real HTTP, in a thread: open, behind a token, behind a password, and amiss in several ways.

By https://github.com/opencontainers/distribution-spec/blob/main/spec.md; the first part of an image's path says how it
is kept: open, token, basic, denied, moved, lured, round, elsewhere, endless, busy. Every path has version 1 alone.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ACCOUNT, PASSWORD = "puller", "standin-password-of-the-registry"
TOKEN = "standin-token-of-the-registry"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{PASSWORD}".encode()).decode()


@dataclass
class Registry:
    """Where it is, and what it was asked."""

    host: str = ""
    beside: str = ""
    """Another registry, to which images below `moved` and `lured` are moved, and which is to give the tokens for
    `elsewhere`."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path, and what authorized it."""

    def login(self, password: str = PASSWORD) -> dict[str, str]:
        """The data of a pull secret for it."""
        pair = base64.b64encode(f"{ACCOUNT}:{password}".encode()).decode()
        return {".dockerconfigjson": json.dumps({"auths": {self.host: {"auth": pair}}})}


@contextmanager
def a_registry(beside: str = "") -> Iterator[Registry]:
    """One that serves while this lasts."""
    registry = Registry(beside=beside)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Handler,), {"registry": registry}))
    server.daemon_threads = True
    registry.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._noted()
        there = urlsplit(self.path)
        if there.path == "/v2/":
            self._say(200, {})
        elif there.path == "/token":
            self._token(parse_qs(there.query))
        elif there.path == "/endless":
            self._endlessly()
        else:
            self._say(404, {})

    def do_HEAD(self) -> None:
        self._noted()
        kind, _, version = self.path.removeprefix("/v2/").partition("/app/manifests/")
        there = 200 if version == "1" and "/" not in kind else 404
        given, here = self.headers.get("authorization", ""), f"http://{self.registry.host}"
        realms = {
            "token": f'Bearer realm="{here}/token",service="standin",scope="repository:token/app:pull"',
            "endless": f'Bearer realm="{here}/endless"',
            "elsewhere": f'Bearer realm="http://{self.registry.beside}/token"',
            "basic": 'Basic realm="standin"',
        }
        beside = f"http://{self.registry.beside}/v2"
        moved = {"moved": f"{beside}/open/app/manifests/1", "lured": f"{beside}/basic/app/manifests/1"}
        moved |= {"round": self.path}
        if kind in realms and given not in (f"Bearer {TOKEN}", BASIC):
            self._say(401, {"www-authenticate": realms[kind]})
        elif kind == "moved" and not given:
            self._say(401, {"www-authenticate": 'Basic realm="standin"'})
        elif kind in moved:
            self._say(307, {"location": moved[kind]})
        else:
            self._say({"denied": 403, "busy": 429}.get(kind, there), {})

    def _token(self, asked: dict[str, list[str]]) -> None:
        good = asked == {"service": ["standin"], "scope": ["repository:token/app:pull"]}
        right = self.headers.get("authorization") == BASIC
        body = json.dumps({"token": TOKEN if right and good else "of-nobody"}).encode()
        self._say(401 if not right and self.headers.get("authorization") else 200, {}, body)

    def _endlessly(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 8192)
        except OSError:
            self.close_connection = True

    def _say(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _noted(self) -> None:
        self.registry.asked.append((self.command, self.path, self.headers.get("authorization", "")))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `asked` has it."""

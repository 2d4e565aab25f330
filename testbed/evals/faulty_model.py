"""A stand-in for a model's server that plays what such servers get wrong: answers, errors, and broken connections.

Each role of a run (route, describe, the large model, its fallback) has a script of its own: the replies in their
order, the last one for ever. Requests that the vendor would refuse are refused, so that a run whose conversation was
spoilt by a fault does not come through.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from boardhand_api.model import Provider
from testbed.evals.faulty_reply import Damage, Damaged, How, Http, Reply, place
from testbed.evals.faulty_wire import Mark, Piece, Said, stream, whole
from testbed.model import wire
from testbed.model.check import Malformed, checked

LARGE, SPARE = "large", "spare"
"""The model of a run and its fallback, by the first part of their addresses."""
ROUTE, DESCRIBE = "route", "describe"
"""The roles of the small model."""


HUM_SECONDS = 0.2


class FaultyModel(ThreadingHTTPServer):
    """Plays the scripts of one run."""

    daemon_threads = True

    def __init__(self, provider: Provider, scripts: Mapping[str, Sequence[Reply]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider
        self.scripts = scripts
        self.asked: dict[str, list[dict[str, Any]]] = {role: [] for role in scripts}
        """The requests by role."""
        self.refused: list[str] = []
        """Why requests were refused that no script foresees."""
        self.asked_at: dict[str, list[float]] = {role: [] for role in scripts}
        """When, by the monotonic clock."""
        self.largest = 0
        """The largest request's bytes."""
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def url(self, who: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{who}/v1"

    @property
    def unplayed(self) -> list[str]:
        """Roles of whose script not every reply was given: a fault that never struck proves nothing."""
        return [role for role, script in self.scripts.items() if len(self.asked[role]) < len(script)]

    def next(self, role: str, request: dict[str, Any]) -> Reply:
        """The reply to this request."""
        with self._lock:
            if role not in self.scripts:
                self.refused.append(f"{role} was not to be asked")
                return Http(418, json.dumps(wire.error(f"{role} has no script", "invalid_request_error")))
            self.asked[role].append(request)
            self.asked_at[role].append(time.monotonic())
            script = self.scripts[role]
            return script[min(len(self.asked[role]), len(script)) - 1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no trouble."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyModel
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(raw)
        self.server.largest = max(self.server.largest, len(raw))
        reply = self._refusal(raw) or self.server.next(role_of(self.path, raw), request)
        damage = reply.damage if isinstance(reply, Damaged) else None
        reply = reply.reply if isinstance(reply, Damaged) else reply
        streamed = bool(request.get("stream")) or "streamGenerateContent" in self.path
        if damage and damage.at is None and not self._strike(damage):
            return
        if isinstance(reply, Http):
            self._head(reply.status, reply.head)
            self._send([(Mark.TEXT, reply.body)], damage)
            return
        self._head(200, {"Content-Type": "text/event-stream" if streamed else "application/json"})
        self._send(self._pieces(reply, request, streamed), damage)

    def _refusal(self, raw: bytes) -> Http | None:
        if self.server.provider not in (Provider.OPENAI, Provider.MISTRAL):
            return None
        try:
            # Mistral's word for `required` is another.
            checked(raw.replace(b'"tool_choice":"any"', b'"tool_choice":"required"'))
        except Malformed as wrong:
            self.server.refused.append(str(wrong))
            return Http(400, json.dumps(wire.error(str(wrong), "invalid_request_error", param=wrong.param)))
        return None

    def _pieces(self, said: Said, request: dict[str, Any], streamed: bool) -> list[Piece]:
        provider, model = self.server.provider, str(request.get("model", "gemini-test"))
        if not streamed:
            body = json.dumps(whole(provider, said, model))
            # In the middle of a document there is only one place: the half of it.
            return [(Mark.HEAD, body[: len(body) // 2]), (Mark.TEXT, body[len(body) // 2 :])]
        if provider is Provider.OPENAI and not (request.get("stream_options") or {}).get("include_usage"):
            said = replace(said, usage=None)
        return stream(provider, said, model)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _send(self, pieces: Sequence[Piece], damage: Damage | None) -> None:
        struck = place(pieces, damage)
        for at, (_, text) in enumerate(pieces):
            if at == struck and damage and not self._strike(damage):
                return
            self._chunk(text)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _strike(self, damage: Damage) -> bool:
        """Whether the answer goes on afterwards."""
        if damage.how is How.STALLED:
            return not self.server.closing.wait(damage.seconds)
        if damage.how is How.HUMS:
            return self._hum(damage.seconds)
        if damage.how is How.SAYS:
            self._chunk(damage.text)
        if damage.how in (How.SAYS, How.ENDED):
            self.wfile.write(b"0\r\n\r\n")
            return False
        if damage.how is How.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # Closed here and now, so that no orderly end is sent first.
            socket.close(self.connection.detach())
        self.close_connection = True
        return False

    def _hum(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server.closing.wait(HUM_SECONDS):
            self._chunk(": still working\n\n")
        return not self.server.closing.is_set()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def role_of(path: str, raw: bytes) -> str:
    """Who is asked for what, by the address and the functions that are offered."""
    who = path.split("/")[1]
    if who == SPARE:
        return who
    named = {role: f.encode() for role, f in ((DESCRIBE, "PullRequestText"), (ROUTE, "Route"))}
    # Native calls are JSON, calls as text stand in brackets.
    return next((role for role, f in named.items() if b'"%s"' % f in raw or b"[[call %s]]" % f in raw), LARGE)


@contextmanager
def serving(provider: Provider, scripts: Mapping[str, Sequence[Reply]]) -> Iterator[FaultyModel]:
    """The server, for as long as a run needs it."""
    server = FaultyModel(provider, scripts)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()

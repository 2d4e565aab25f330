"""A server whose answers are scripted, one by one."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.contract.board_wires import Wire


class ScriptedServer:
    """Answers are given by "METHOD path" pattern; the first that fits is taken."""

    below = ""
    """What paths are written without in the patterns, where they begin so."""

    def __init__(self) -> None:
        self.script: list[tuple[str, int, Any]] = []
        self.wire = Wire(httpx.MockTransport(self._answer))

    def on(self, pattern: str, status: int, body: Any) -> None:
        self.script.append((pattern, status, body))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        place = f"{request.method} {request.url.path.removeprefix(self.below)}"
        for pattern, status, body in self.script:
            if re.fullmatch(pattern, place):
                if isinstance(body, bytes):
                    return httpx.Response(status, content=body)
                return httpx.Response(status, json=body) if body is not None else httpx.Response(status)
        raise AssertionError(f"nothing scripted for {place}")

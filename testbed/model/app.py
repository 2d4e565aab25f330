"""The scripted model's web application: chat completions and the list of models, as OpenAI serves them."""

from __future__ import annotations

import asyncio
import html
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from string import Template
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from testbed.faults import Calls, Fault, Switches, switch_routes
from testbed.model import wire
from testbed.model.answer import Answer, Json, answer, text_of
from testbed.model.check import Malformed, checked
from testbed.model.scripts import Script
from testbed.strikes import CutAnswer

MODELS = ("boardhand-scripted", "boardhand-scripted-small")
_BEGUN = int(time.time())


def create_app(scripts: Sequence[Script], key: str | None = None) -> Starlette:
    """The application that plays these scripts; without `key` any bearer token that is not empty is accepted."""
    switches, calls = Switches(), Calls()
    served = _Model(scripts, key, switches, calls)

    async def index(_: Request) -> Response:
        rows = "".join(f"<tr><td>{html.escape(s.name)}<td><code>{html.escape(s.ticket)}</code>" for s in scripts)
        page = Template((Path(__file__).parent / "page.html").read_text())
        return HTMLResponse(page.substitute(rows=rows))

    async def lost(request: Request, _: Exception) -> Response:
        text = f"Unknown request URL: {request.method} {request.scope['path']}."
        return JSONResponse(wire.error(text, "invalid_request_error", "unknown_url"), status_code=404)

    return Starlette(
        routes=[
            Route("/", index),
            Route("/v1/models", served.models),
            Route("/v1/chat/completions", served.complete, methods=["POST"]),
            *switch_routes(switches, calls, lambda: None),
        ],
        exception_handlers={404: lost, 405: lost},
    )


class _Model:
    def __init__(self, scripts: Sequence[Script], key: str | None, switches: Switches, calls: Calls) -> None:
        self._scripts = scripts
        self._key = key
        self._switches = switches
        self._calls = calls

    async def models(self, request: Request) -> Response:
        refused = self._refusal(request)
        if refused is not None:
            return refused
        data = [{"id": name, "object": "model", "created": _BEGUN, "owned_by": "boardhand-testbed"} for name in MODELS]
        return JSONResponse({"object": "list", "data": data})

    async def complete(self, request: Request) -> Response:
        """Answer one request from the scripts, with the fault that strikes it if there is one, and record it."""
        refused = self._refusal(request)
        if refused is not None:
            return self._noted(request, refused, None)
        try:
            wanted = checked(await request.body())
        except Malformed as wrong:
            body = wire.error(str(wrong), "invalid_request_error", param=wrong.param)
            return self._noted(request, JSONResponse(body, status_code=400), None)
        fault = self._switches.take(text_of(wanted["messages"]))
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        given = answer(self._scripts, wanted)
        return self._noted(request, _response(fault, given, wanted), given)

    def _refusal(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and token.strip() and self._key in (None, token.strip()):
            return None
        return JSONResponse(wire.failure(401), status_code=401)

    def _noted(self, request: Request, response: Response, given: Answer | None) -> Response:
        script, step = (given.script, given.step) if given else (None, None)
        call = {"method": request.method, "path": request.scope["path"], "status": response.status_code}
        place = {"script": script, "step": step}
        self._calls.note(call | place, {"script": script}, done=given is not None)
        return response


def _response(fault: Fault | None, given: Answer, wanted: Json) -> Response:
    if fault is not None and fault.status is not None:
        return JSONResponse(wire.failure(fault.status), status_code=fault.status, headers=fault.headers)
    if fault is not None and (fault.after or fault.cut):
        return CutAnswer()
    created = int(time.time())
    if not wanted.get("stream"):
        return JSONResponse(wire.completion(given, wanted["model"], created))
    options: dict[str, Any] = wanted.get("stream_options") or {}
    events = wire.chunks(given, wanted["model"], created, include_usage=bool(options.get("include_usage")))
    return StreamingResponse(_stream([wire.sse(event) for event in events]), media_type="text/event-stream")


async def _stream(events: list[str]) -> AsyncIterator[str]:
    for event in events:
        yield event
    yield "data: [DONE]\n\n"

"""What every vendor's stand-in does with a call: let a fault strike it, have it answered, record it."""

from __future__ import annotations

import base64
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from testbed.faults import Calls, Switches, switch_routes
from testbed.strikes import answered

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class Api(ABC):
    """A vendor's API, with the testbed's switches beside it under /_testbed/."""

    def __init__(self) -> None:
        self.switches, self.calls = Switches(), Calls()

    def application(
        self,
        path: str,
        clear: Callable[[], None],
        replant: Callable[[], None] | None = None,
        *others: BaseRoute,
        methods: Sequence[str] = METHODS,
    ) -> Starlette:
        """The web application that serves it at this path, and what else a stand-in has.

        A reset calls `clear`, and then `replant` where there is something to plant.
        """

        def reset() -> None:
            clear()
            if replant is not None:
                replant()

        own = Route(path, self.serve, methods=list(methods))
        return Starlette(routes=[*switch_routes(self.switches, self.calls, reset), *others, own])

    async def serve(self, request: Request) -> Response:
        """Answer one call, with the fault that strikes it if there is one, and record it."""
        fault = self.switches.take(await self.place(request))
        key = await self.counted(request)
        answer, done = await answered(fault, partial(self.work, request), self.refusal)
        call = {"method": request.method, "path": request.scope["path"], "status": answer.status_code}
        self.calls.note(call, {"method": request.method, **key}, done=done)
        for name, value in self.stamps().items():
            answer.headers.setdefault(name, value)
        return answer

    @abstractmethod
    async def work(self, request: Request) -> Response:
        """The answer to a call that no fault keeps from its work."""

    @abstractmethod
    def refusal(self, status: int, headers: Mapping[str, str]) -> Response:
        """How the vendor words a refusal of this status."""

    async def place(self, request: Request) -> str:
        """By what faults know the call: method and path, as it was before the quoting."""
        return f"{request.method} {request.scope['path']}"

    async def counted(self, request: Request) -> Mapping[str, Any]:
        """By what calls are counted, beside their method."""
        return {"path": request.scope["path"]}

    def stamps(self) -> Mapping[str, str]:
        """Headers that every answer has."""
        return {}


def raw_path(request: Request) -> str:
    """The path as it was sent: a slash that is quoted parts nothing."""
    raw: bytes = request.scope["raw_path"]
    return raw.decode().partition("?")[0]


def authorization(request: Request) -> tuple[str, str]:
    """Scheme, in lower case, and credentials; both are empty where there is none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), given.strip()


def name_and_password(given: str) -> tuple[str, str]:
    """Of the scheme Basic. Raises ValueError."""
    name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    return name, password


async def json_of(request: Request) -> Any:
    """The call's body; None where there is none. Raises ValueError."""
    text = await request.body()
    return json.loads(text) if text else None


def conditional(request: Request, answer: Response) -> Response:
    """The answer with its ETag; 304 where the caller has it."""
    etag = f'W/"{hashlib.sha256(bytes(answer.body)).hexdigest()}"'
    answer.headers["etag"] = etag
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return answer

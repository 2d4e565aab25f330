"""How Trello words its refusals, and the switch for its rate limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from testbed.trello.limits import RateLimits

TOKEN_LIMIT = "API_TOKEN_LIMIT_EXCEEDED"
_TEXTS = {401: "invalid token", 403: "Forbidden", 404: "The requested resource was not found."}
_TEXTS |= {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


def rate_limited(error: str, headers: dict[str, str]) -> Response:
    """Trello's answer to a call beyond a limit; `error` names which one."""
    return JSONResponse({"message": "Rate limit exceeded", "error": error}, status_code=429, headers=headers)


def failure(status: int, headers: dict[str, str]) -> Response:
    """The answer of a switched-on fault with this status, worded as Trello words it."""
    if status == 429:
        return rate_limited(TOKEN_LIMIT, headers)
    return PlainTextResponse(_TEXTS.get(status, "error"), status_code=status, headers=headers)


class LimitSwitch(BaseModel):
    """The body of POST /_testbed/rate-limit: on or off, and the calls allowed in 10 seconds."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool
    token: Annotated[int, Field(ge=1)] = 100
    key: Annotated[int, Field(ge=1)] = 300


def limit_route(limits: RateLimits) -> Route:
    """POST /_testbed/rate-limit, which switches Trello's rate limits on and off."""

    async def switch(request: Request) -> Response:
        try:
            wanted = LimitSwitch.model_validate_json(await request.body())
        except ValidationError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        limits.enabled, limits.token_max, limits.key_max = wanted.enabled, wanted.token, wanted.key
        return JSONResponse(wanted.model_dump())

    return Route("/_testbed/rate-limit", switch, methods=["POST"])

"""Who looks: each visitor acts by a session of their own at the API server, and by no other."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard.security import same_origin

Endpoint = Callable[[Request], Awaitable[Response]]
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""What the API server lets a namespace be called."""
_READS = ("GET", "HEAD")


class NotSignedIn(Exception):
    """Nobody that is known asks: the page to sign in is the answer."""


@dataclass(eq=False)
class Visitor:
    """A login of one person. Two logins of the same person are two visitors."""

    name: str
    """As the API server calls them."""
    session: Session
    rights: Rights
    groups: tuple[str, ...] = ()
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """What each of their changes must carry."""
    left: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set once they signed out or were: streams to them end then."""


def visitor_of(request: Request) -> Visitor:
    """Who asks, in an endpoint that is `signed_in`. Raises NotSignedIn elsewhere."""
    visitor = getattr(request.state, "visitor", None)
    if not isinstance(visitor, Visitor):
        raise NotSignedIn
    return visitor


def signed_in(endpoint: Endpoint) -> Endpoint:
    """For visitors alone: others are shown the page to sign in. What is no GET must carry the visitor's CSRF token, in
    the form's field `csrf` or the header X-CSRF-Token, and come from a page of ours: else 403."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        visitor, cookie = await request.app.state.entrance.enter(request)
        request.state.visitor = visitor
        if not NAMESPACE.fullmatch(request.path_params.get("namespace", "any")):
            # Who may look everywhere is allowed it by the API server in what is no namespace, too.
            raise HTTPException(404, "No namespace can be called so: one has small letters, digits and `-`.")
        if request.method not in _READS:
            await _ours(request, visitor)
        response = await endpoint(request)
        if cookie is not None:
            request.app.state.entrance.cookies.give(response, cookie)
        return response

    guarded.guarded = True  # type: ignore[attr-defined]
    return guarded


def is_guarded(endpoint: Any) -> bool:
    """Whether it is `signed_in`."""
    return getattr(endpoint, "guarded", False) is True


async def _ours(request: Request, visitor: Visitor) -> None:
    said = request.headers.get(CSRF_HEADER)
    if said is None:
        # Starlette keeps the form: the endpoint reads the same one.
        said = str((await request.form()).get(CSRF_FIELD, ""))
    if not same_origin(request.headers) or not secrets.compare_digest(said.encode(), visitor.csrf.encode()):
        raise HTTPException(403, "This did not come from a page of this dashboard. Load the page anew, and try again.")

"""The stand-in's web application: the API below /ORGANISATION, the testbed's switches under /_testbed/.

A further module brings a TABLE of endpoints of its own, to be put into TABLES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from testbed.answering import Api, authorization, json_of, name_and_password, raw_path
from testbed.azure import (
    code_routes,
    hook_routes,
    project_routes,
    pull_routes,
    status_routes,
    thread_routes,
    work_routes,
)
from testbed.azure.call import Call, Endpoint, allowed
from testbed.azure.models import Token
from testbed.azure.state import AzureState, Refused

TABLES: tuple[Iterable[Endpoint], ...] = (
    project_routes.TABLE,
    work_routes.TABLE,
    hook_routes.TABLE,
    code_routes.TABLE,
    pull_routes.TABLE,
    thread_routes.TABLE,
    status_routes.TABLE,
)
"""Every endpoint there is; the first that fits a path is taken."""
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_SIGN_IN = "<html><head><title>Azure DevOps Services | Sign In</title></head><body>/_signin</body></html>"
_EXPIRED = "Access Denied: The Personal Access Token used has expired."
_TEXTS = {401: "TF400813: The user '' is not authorized to access this resource.", 429: "Request was blocked"}


class SignIn(Exception):
    """Who calls is not known, and is shown the page to sign in."""


def create_app(state: AzureState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    return AzureApi(state).application("/{path:path}", state.clear, replant)


class AzureApi(Api):
    """Answers calls, and records them."""

    def __init__(self, state: AzureState) -> None:
        super().__init__()
        self._state = state

    def stamps(self) -> Mapping[str, str]:
        return {"date": formatdate(self._state.now(), usegmt=True)}

    async def work(self, request: Request) -> Response:
        try:
            token = self._token(request)
            endpoint, named = self._find(request)
            _check_scope(token, endpoint)
            _check_version(request, endpoint)
            call = Call(self._state, token, named, dict(request.query_params), await _body(request))
            found = endpoint.handler(call)
        except SignIn:
            return Response(_SIGN_IN, 203, media_type="text/html")
        except Refused as refused:
            return self.refusal(refused.status, {}, refused)
        return Response(status_code=204) if found is None else JSONResponse(found, endpoint.status)

    def _token(self, request: Request) -> Token:
        scheme, given = authorization(request)
        try:
            user, word = name_and_password(given)
        except ValueError as wrong:
            raise SignIn from wrong
        found = self._state.tokens.get(word)
        if scheme != "basic" or user or found is None:
            if request.method in ("PATCH", "PUT", "DELETE"):
                raise Refused(401, _TEXTS[401], "UnauthorizedRequestException")
            raise SignIn
        if found.expired:
            raise Refused(401, _EXPIRED, "UnauthorizedRequestException")
        return found

    def _find(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        path = raw_path(request)
        below = path.removeprefix(f"/{self._state.organisation}")
        if below != path:
            for endpoint in (one for table in TABLES for one in table if one.method == request.method):
                named = endpoint.fits(below)
                if named is not None:
                    return endpoint, {name: unquote(value) for name, value in named.items()}
        raise Refused(404, "The controller for path was not found or does not implement IController.", "HttpException")

    def refusal(self, status: int, headers: Mapping[str, str], refused: Refused | None = None) -> Response:
        message = refused.message if refused else _TEXTS.get(status, f"An error: {status}")
        kind = refused.kind if refused else "VssServiceException"
        said = {
            "$id": "1",
            "innerException": None,
            "message": message,
            "typeKey": kind,
            "errorCode": 0,
            "eventId": 3000,
        }
        return JSONResponse(said, status, dict(headers))


def _check_scope(token: Token, endpoint: Endpoint) -> None:
    if not allowed(token, endpoint.scope):
        text = f"TF400813: The user '{token.person}' is not authorized to access this resource."
        raise Refused(401, text, "UnauthorizedRequestException")


def _check_version(request: Request, endpoint: Endpoint) -> None:
    version = request.query_params.get("api-version", "")
    if not version.startswith(("7.1", "7.2")):
        text = f"No api-version was supplied for the '{request.method}' request, or it is none that is known."
        raise Refused(400, text, "VssVersionNotSpecifiedException")
    if endpoint.preview and "-preview" not in version:
        text = f"The requested version {version} of the resource is under preview. The -preview flag must be supplied."
        raise Refused(400, text, "VssInvalidPreviewVersionException")


async def _body(request: Request) -> Any:
    try:
        found = await json_of(request)
    except ValueError as wrong:
        raise Refused(400, "The request body must contain valid JSON.") from wrong
    wanted = "application/json-patch+json" if isinstance(found, list) else "application/json"
    if found is not None and request.headers.get("content-type") != wanted:
        raise Refused(415, f"The request indicated a Content-Type that is not supported; it is {wanted}.")
    return found

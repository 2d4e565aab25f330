"""Azure DevOps: what its boards and its repositories share: address, credentials, API version, errors.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/ (7.1),
https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits .
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from boardhand_operator.answers import Answer, Vendor
from boardhand_operator.errors import CredentialsRefused, Misconfigured, PermissionMissing, Remote
from boardhand_operator.exchange import Params
from boardhand_operator.transport import JSON, Client, Connection, segment

SERVER = "https://dev.azure.com"
API = "7.1"
JSON_PATCH = "application/json-patch+json"
CREDENTIAL_KEYS = ("token",)
_SIGN_IN = re.compile(r"/_signin\b|\blogin\.microsoftonline\.com|vssps\.(visualstudio|dev\.azure)\.com")
_KNOWN_USER = re.compile(r"TF400813: The user '[^']+'")
"""A 401 that names the user: the token is good, its scopes are not. One that names nobody refuses the token."""


def authorization(token: str) -> str:
    """The header for a personal access token: basic, without a user's name."""
    return "Basic " + base64.b64encode(f":{token}".encode()).decode()


def organisation_address(url: str | None, organisation: str) -> str:
    """Where the API of an organisation is; for a server of one's own (url), that of its collection."""
    return f"{(url or SERVER).rstrip('/')}/{segment(organisation)}"


class AzureClient(Client):
    """Requests to one organisation: the API's version goes with each, and a page to sign in is a refusal."""

    def __init__(
        self, vendor: Vendor, base_url: str, token: str, connection: Connection, *, secrets: Sequence[str] = ()
    ) -> None:
        """base_url: as of `organisation_address`. secrets: more than the token that no message may hold."""
        header = authorization(token)
        hidden = [token, header.removeprefix("Basic "), *secrets]
        # With this a refused token is a 401 and no redirect to a page; most services honour it.
        headers = {"authorization": header, "x-tfs-fedauthredirect": "Suppress"}
        super().__init__(vendor, base_url, headers, hidden, connection)
        self._of = vendor

    async def get(self, operation: str, path: str, params: Params | None = None, *, remember: bool = False) -> Any:
        """As `Client.get`; another API version than 7.1 is given in params."""
        return await super().get(operation, path, _versioned(params), remember=remember)

    async def send(
        self,
        method: str,
        operation: str,
        path: str,
        body: Any = None,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> Any:
        """As `Client.send`; another API version than 7.1 is given in params."""
        wanted = _versioned(params)
        return await super().send(
            method, operation, path, body, params=wanted, headers=headers, content_type=content_type
        )

    async def query(self, operation: str, path: str, body: Mapping[str, Any], params: Params | None = None) -> Any:
        """A POST that only reads: as `Client.ask`, with the API version as for `get`."""
        return await self.ask(operation, f"{path}?{urlencode(_versioned(params))}", body)

    def failure(self, operation: str, answer: Answer) -> Remote | None:
        """As `Client.failure`; a page to sign in (203, or HTML) and a 401 for missing scopes are told apart."""
        said = answer.body.decode("utf-8", "replace")
        page = "text/html" in answer.headers.get("content-type", "") and _SIGN_IN.search(said)
        if answer.status == 203 or (page and answer.status < 400):
            return self._refused(operation, f"It answered with a page to sign in ({answer.status})")
        if answer.status == 401 and _KNOWN_USER.search(said):
            read = super().failure(operation, Answer(403, answer.headers, answer.body))
            return PermissionMissing(self._of.name, operation, read.message, answer.request_id) if read else None
        return super().failure(operation, answer)

    async def _once(
        self,
        method: str,
        operation: str,
        path: str,
        params: Params | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            return await super()._once(method, operation, path, params, content, headers)
        except Misconfigured as wrong:
            if wrong.reason == "Redirected" and _SIGN_IN.search(wrong.message):
                raise self._refused(operation, "It points to a page to sign in") from wrong
            raise

    def _refused(self, operation: str, sentence: str) -> CredentialsRefused:
        return CredentialsRefused(self._of.name, operation, f"{sentence}. {self._of.credentials_hint}")


def parts(text: str, field: str, wanted: str, counts: Collection[int]) -> list[str]:
    """The parts of a name such as organisation/project. Raises Misconfigured where there are not as many."""
    found = [part.strip() for part in text.strip("/").split("/")]
    if len(found) not in counts or not all(found):
        raise Misconfigured("BoardMalformed", f"{field} is {text!r}: for Azure DevOps it is {wanted}.")
    return found


def _versioned(params: Params | None) -> dict[str, str | Sequence[str]]:
    return {"api-version": API, **(params or {})}

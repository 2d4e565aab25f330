"""Azure DevOps: what its boards and its repositories share: address, credentials, API version, errors.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/ (7.1),
https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits .
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence

from boardhand_operator.errors import CredentialsRefused, Misconfigured, PermissionMissing, Remote, RemoteUnavailable
from boardhand_operator.http.answers import Answer, Vendor
from boardhand_operator.http.transport import PAGES, Client, Connection, segment

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
        super().__init__(vendor, base_url, headers, hidden, connection, always={"api-version": API})
        self._of = vendor

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

    def misled(self, operation: str, wrong: Misconfigured) -> Remote | None:
        """As `Client.misled`; a redirect to a page to sign in is a refusal."""
        if wrong.reason == "Redirected" and _SIGN_IN.search(wrong.message):
            return self._refused(operation, "It points to a page to sign in")
        return None

    def _refused(self, operation: str, sentence: str) -> CredentialsRefused:
        return CredentialsRefused(self._of.name, operation, f"{sentence}. {self._of.credentials_hint}")


def endless(operation: str) -> RemoteUnavailable:
    """A list of more than PAGES pages: one that is cut would be taken for whole."""
    return RemoteUnavailable("Azure DevOps", operation, f"the list has more than {PAGES} pages")


def parts(text: str, field: str, wanted: str, counts: Collection[int]) -> list[str]:
    """The parts of a name such as organisation/project. Raises Misconfigured where there are not as many."""
    found = [part.strip() for part in text.strip("/").split("/")]
    if len(found) not in counts or not all(found):
        raise Misconfigured("BoardMalformed", f"{field} is {text!r}: for Azure DevOps it is {wanted}.")
    return found

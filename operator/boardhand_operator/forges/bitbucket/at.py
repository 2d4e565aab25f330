"""Which repository at Bitbucket Cloud is meant, how it is asked, and what its errors say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.transport import Client, segment

SITE, API = "https://bitbucket.org", "https://api.bitbucket.org/2.0"
PAGES = 200
"""A list has at most so many pages."""
PAGE = {"pagelen": "50"}
"""More of them, 100, is not taken everywhere: pull requests come by 50 at most."""

Json = dict[str, Any]


@dataclass(frozen=True)
class At:
    """A repository, with the client of its pool."""

    http: Client
    workspace: str
    slug: str
    branch: str
    """The pool's branch."""
    secret: str
    """The Secret of the credentials, for messages."""

    @property
    def full_name(self) -> str:
        return f"{self.workspace}/{self.slug}"

    @property
    def root(self) -> str:
        """The path of the repository."""
        return f"/repositories/{segment(self.workspace)}/{segment(self.slug)}"

    async def all(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> list[Json]:
        """The entries of all pages of a list, as each names the next
        (https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination)."""
        found: list[Json] = []
        wanted: Mapping[str, str] | None = {**PAGE, **(params or {})}
        for _ in range(PAGES):
            page = await self.http.get(operation, path, wanted)
            found += page["values"]
            if not page.get("next"):
                return found
            path, wanted = str(page["next"]), None
        raise RemoteUnavailable("Bitbucket", operation, f"the list has more than {PAGES} pages")


def api_of(url: str | None) -> str:
    """Where the API of a site is. Another site than Bitbucket's own has it below itself."""
    host = (urlsplit(url).hostname or "").lower() if url else ""
    return API if url is None or host in ("bitbucket.org", "www.bitbucket.org") else f"{url.rstrip('/')}/2.0"


def quoted(text: str) -> str:
    """A text in Bitbucket's query language (https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read_error(said: Any) -> str | None:
    """The sentence of an error, with the fields it is about and the scopes that are lacking."""
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return None
    parts = [str(error.get("message", ""))]
    fields, detail = error.get("fields"), error.get("detail")
    if isinstance(fields, dict):
        parts += [f"{name}: {_listed(value)}" for name, value in fields.items()]
    if isinstance(detail, str):
        parts.append(detail)
    elif isinstance(detail, dict) and detail.get("required"):
        parts.append(f"required scopes: {_listed(detail['required'])}")
    return "; ".join(filter(None, parts)) or None


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

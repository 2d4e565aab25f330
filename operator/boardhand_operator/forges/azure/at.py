"""Which repository of which organisation is meant, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from boardhand_operator.errors import Misconfigured
from boardhand_operator.http.transport import PAGES, segment
from boardhand_operator.vendors.azure.client import SERVER, AzureClient, endless

PAGE = 100
HEADS = "refs/heads/"
_OLD, _SSH = ".visualstudio.com", "ssh.dev.azure.com"

Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A repository by its names."""

    organisation: str
    project: str
    repository: str

    def __str__(self) -> str:
        return f"{self.project}/{self.repository}"


@dataclass(frozen=True)
class At:
    """A repository, with the client of its pool."""

    http: AzureClient
    place: Place
    site: str
    """Address of the organisation, where people look."""
    branch: str
    """The pool's branch."""
    secret: str
    """The Secret of the credentials, for messages."""

    @property
    def project(self) -> str:
        """The path of the project's API."""
        return f"/{segment(self.place.project)}/_apis"

    @property
    def root(self) -> str:
        """The path of the repository."""
        return f"{self.project}/git/repositories/{segment(self.place.repository)}"

    def pull(self, number: int) -> str:
        """The path of a pull request."""
        return f"{self.root}/pullrequests/{number}"

    def url(self, number: int) -> str:
        """Where people see a pull request."""
        parts = (segment(self.place.project), "_git", segment(self.place.repository), "pullrequest", str(number))
        return "/".join([self.site, *parts])

    async def values(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> list[Json]:
        """The entries of a list that comes whole."""
        found: list[Json] = (await self.http.get(operation, path, params))["value"]
        return found

    async def pages(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> list[Json]:
        """The entries of a list that is read by `$top` and `$skip`. Raises RemoteUnavailable where there are more than
        PAGES."""
        found: list[Json] = []
        for page in range(PAGES):
            span = {"$top": str(PAGE), "$skip": str(page * PAGE)}
            entries = await self.values(operation, path, {**(params or {}), **span})
            found += entries
            if len(entries) < PAGE:
                return found
        raise endless(operation)


def place_of(forge_url: str | None, clone_url: str) -> Place:
    """The repository that a clone address means, over https or ssh, of Azure DevOps or a server of one's own.

    Raises Misconfigured where it is at another place, or has none of the forms that Azure gives.
    """
    clone = urlsplit(clone_url)
    host, parts = (clone.hostname or "").lower(), [unquote(part) for part in clone.path.strip("/").split("/")]
    found: list[str] = []
    if forge_url is None and host == _SSH and parts[0] == "v3":
        found = parts[1:]
    elif forge_url is None and host.endswith(_OLD):
        found = [host.removesuffix(_OLD), *_without_git([part for part in parts if part != "DefaultCollection"])]
    else:
        below = _below(forge_url or SERVER, clone_url)
        found = [below[0], *_without_git(below[1:])]
    if len(found) != 3 or not all(found):
        raise Misconfigured(
            "RepositoryAddress",
            f"spec.repository.url {clone_url} must be {forge_url or SERVER}/ORGANISATION/PROJECT/_git/REPOSITORY, as "
            "Azure shows it under Clone.",
        )
    return Place(*found)


def _below(forge_url: str, clone_url: str) -> list[str]:
    forge, clone = urlsplit(forge_url), urlsplit(clone_url)
    base = forge.path.rstrip("/") + "/"
    same = (forge.hostname or "").lower() == (clone.hostname or "").lower() and forge.port == clone.port
    if not same or not clone.path.startswith(base):
        raise Misconfigured(
            "RepositoryElsewhere",
            f"spec.repository.url {clone_url} is not below spec.forge.url {forge_url}: "
            "the forge must be the one that holds the repository.",
        )
    return [unquote(part) for part in clone.path.removeprefix(base).strip("/").split("/")]


def _without_git(parts: list[str]) -> list[str]:
    """Project and repository; the address leaves the project out where both have one name."""
    if len(parts) == 2 and parts[0] == "_git":
        return [parts[1], parts[1]]
    return [parts[0], parts[2]] if len(parts) == 3 and parts[1] == "_git" else []

"""One call of the stand-in's REST API, as an endpoint's handler sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from testbed.github.issue_models import Issue, User
from testbed.github.models import Repository
from testbed.github.state import GitHubState, Refused, Token, invalid, not_found

Json = dict[str, Any]
_PAGE, _PAGE_MOST = 30, 100


@dataclass(frozen=True)
class Moved:
    """The answer to a call for what was transferred: where it is now."""

    to: str


@dataclass(frozen=True)
class Page:
    """A page of a list, and whether there is another one."""

    entries: list[Json]
    number: int
    last: int


@dataclass(frozen=True)
class Endpoint:
    """What answers a method and a path."""

    method: str
    path: str
    """Template, such as /repos/{owner}/{repo}; {path} takes slashes too."""
    handler: Callable[[Call], Any]
    """Gives JSON, a Page, a Moved, or None for an empty answer."""
    permission: str = ""
    """What a token needs, such as "issues:write"; several separated by "|" where one of them is enough."""
    status: int = 200

    def fits(self, path: str) -> dict[str, str] | None:
        """What the path names, where it is this endpoint's."""
        match = _pattern(self.path).fullmatch(path)
        return match.groupdict() if match else None


@dataclass(frozen=True)
class Call:
    """A call with this token: what its path names, its query and its JSON body."""

    state: GitHubState
    token: Token
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def by(self) -> User:
        return self.state.user(self.token.login)

    @property
    def repository(self) -> Repository:
        """The repository, where the account may see it. Raises Refused (404)."""
        found = self.state.repository(f"{self.path['owner']}/{self.path['repo']}")
        if not self.may(found, "read"):
            raise not_found()
        return found

    def may(self, repository: Repository, role: str) -> bool:
        """Whether the token's account has this role there."""
        if self.token.repositories is not None and repository.full_name not in self.token.repositories:
            return False
        return self.token.of_app or (role == "read" and not repository.private) or repository.may(self.by.login, role)

    def needs(self, role: str) -> Repository:
        """The repository, where the account has this role. Raises Refused (403)."""
        found = self.repository
        if not self.may(found, role):
            raise Refused(403, "Must have admin rights to Repository.")
        return found

    def issue(self) -> Issue | Moved:
        """The issue that the path names. Raises Refused: 410 where it was deleted, 404 where there was none."""
        return issue_in(self.state, self.repository, int(self.path["issue_number"]))

    def required(self, name: str, resource: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise invalid(resource, "missing_field", name)
        return value

    def page(self, found: list[Json]) -> Page:
        """The page of the list that is asked for."""
        size = min(self.number("per_page", _PAGE), _PAGE_MOST)
        page, last = self.number("page", 1), max(1, -(-len(found) // size))
        return Page(found[(page - 1) * size : page * size], page, last)

    def number(self, name: str, default: int) -> int:
        value = self.params.get(name, "")
        return int(value) if value.isdigit() and int(value) > 0 else default


def issue_in(state: GitHubState, owner: Repository, number: int) -> Issue | Moved:
    """See `Call.issue`."""
    if not owner.has_issues and number not in owner.issues:
        raise Refused(410, "Issues are disabled for this repo")
    if number in owner.deleted:
        raise Refused(410, "This issue was deleted")
    if number in owner.transferred:
        where, there = owner.transferred[number]
        return Moved(f"{state.api}/repositories/{where}/issues/{there}")
    if number not in owner.issues:
        raise not_found()
    return owner.issues[number]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    holes = [f"(?P<{name}>{'.+' if name in ('path', 'ref') else '[^/]+'})" for name in parts[1::2]]
    return re.compile("".join(re.escape(text) + hole for text, hole in zip(parts[::2], [*holes, ""], strict=True)))

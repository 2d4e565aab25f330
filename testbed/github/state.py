"""The stand-in's whole memory. No HTTP in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from testbed.github.issue_models import User
from testbed.github.models import Hook, Repository
from testbed.github.project_models import Project
from testbed.github.token_models import App


class Refused(Exception):
    """The call is refused with this status, GitHub's sentence, and what else its answer and its headers hold."""

    def __init__(
        self,
        status: int,
        message: str,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.more = dict(more or {})
        self.headers = dict(headers or {})


def not_found() -> Refused:
    return Refused(404, "Not Found")


def invalid(resource: str, code: str, name: str, message: str = "") -> Refused:
    """422, as GitHub words what is wrong with a field."""
    error = {"resource": resource, "code": code, "field": name} | ({"message": message} if message else {})
    return Refused(422, "Validation Failed", {"errors": [error]})


@dataclass(frozen=True)
class Token:
    """Whose it is, and what it may: permissions by the names of GitHub's docs (issues, metadata) to read or write."""

    login: str
    permissions: Mapping[str, str] = field(default_factory=dict)
    expires: float | None = None
    """Unix seconds; None: never."""
    of_app: bool = False
    """An installation's: it has no user, and may all that its permissions say, whatever the roles."""
    repositories: frozenset[str] | None = None
    """Full names of the only ones that it is good for; None: all that its account may see."""

    def may(self, permission: str, access: str) -> bool:
        """access: read or write."""
        has = self.permissions.get(permission)
        return has is not None and (access == "read" or has in ("write", "admin"))


class GitHubState:
    """Accounts and repositories. `now` is Unix seconds, `site` begins every link."""

    def __init__(
        self, tokens: dict[str, Token], site: str = "http://github.test", now: Callable[[], float] = time.time
    ) -> None:
        self.tokens = tokens
        self.apps: dict[str, App] = {}
        """By their ids."""
        self.site = site
        self.new_graph = True
        """Whether GraphQL has what older GitHub Enterprise Servers lack."""
        self.now = now
        self.clear()

    @property
    def api(self) -> str:
        """What the API's addresses begin with."""
        return f"{self.site}/api/v3"

    def clear(self) -> None:
        """Forget everything but the tokens."""
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self._hooks: dict[str, dict[int, Hook]] = {}
        self.outsiders: set[str] = set()
        """Names of users who are no members of the organisation."""
        self.projects: dict[int, Project] = {}
        """By their ids."""
        self._last_id = 1000

    def next_id(self) -> int:
        """Ids grow, whatever they are of."""
        self._last_id += 1
        return self._last_id

    def user(self, login: str, kind: str = "User") -> User:
        """The account of this name, made where there is none."""
        if login not in self.users:
            self.users[login] = User(self.next_id(), login, "Bot" if login.endswith("[bot]") else kind)
        return self.users[login]

    def repository(self, full_name: str) -> Repository:
        """The repository owner/name. Raises Refused (404)."""
        found = self.repositories.get(full_name.lower())
        if found is None:
            raise not_found()
        return found

    def repository_by_id(self, number: int) -> Repository:
        """Raises Refused (404)."""
        for found in self.repositories.values():
            if found.id == number:
                return found
        raise not_found()

    def add_repository(self, full_name: str, branch: str = "main") -> Repository:
        """One that is there stays."""
        owner, name = full_name.split("/")
        made = Repository(self.next_id(), self.user(owner, "Organization"), name, branch, self.now())
        return self.repositories.setdefault(full_name.lower(), made)

    def organisation_hooks(self, organisation: User) -> dict[int, Hook]:
        """The webhooks of an organisation, by id."""
        return self._hooks.setdefault(organisation.login, {})

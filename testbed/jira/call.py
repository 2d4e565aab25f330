"""One call of the stand-in's API, as an endpoint's handler sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from testbed.jira.models import Account, Issue, Project
from testbed.jira.query import Test, parsed
from testbed.jira.shapes import Shapes
from testbed.jira.state import JiraState, Refused


@dataclass(frozen=True)
class Call:
    """A call by an account (None: nobody who is known): what its path names, its query and its JSON body."""

    state: JiraState
    by: Account | None
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any]

    @cached_property
    def shapes(self) -> Shapes:
        return Shapes(self.state)

    @property
    def account(self) -> Account:
        """Who calls. Raises Refused (401)."""
        if self.by is None:
            raise Refused(401, "Client must be authenticated to access this resource.")
        return self.by

    def project(self) -> Project:
        """The project that is meant, for who may see it."""
        found = self.state.project(self.path.get("project") or self.params.get("project") or "")
        if not self.may("BROWSE_PROJECTS"):
            raise Refused(404, f"No project could be found with key '{found.key}'.")
        return found

    def issue(self) -> Issue:
        """The issue that is meant, for who may see it."""
        found = self.state.find(self.path["issue"])
        if not self.may("BROWSE_PROJECTS"):
            raise Refused(404, "Issue does not exist or you do not have permission to see it.")
        return found

    def may(self, permission: str) -> bool:
        return self.by is not None and permission in self.by.permissions

    def found_by(self, jql: str, reconciled: set[str]) -> list[Issue]:
        """What a search finds: of an index that is behind, but for those that are to be reconciled."""
        test: Test = parsed(self.state, self.by, jql)
        indexed = self.state.issues if self.state.index is None else self.state.index
        fresh = [issue for issue in self.state.issues.values() if issue.id in reconciled]
        known = [issue for issue in indexed.values() if issue.id not in reconciled]
        found = [issue for issue in [*known, *fresh] if not issue.archived and test(issue)]
        return sorted(found, key=lambda issue: int(issue.id))

    def number(self, name: str, default: int) -> int:
        text = self.params.get(name, "")
        return int(text) if text.isdigit() else default

    def size(self, wanted: object, default: int) -> int:
        """How many entries a page has."""
        return min(wanted if isinstance(wanted, int) else default, self.state.page)


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, as the vendor writes it."""

    method: str
    path: str
    handler: Handler
    status: int = 200

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

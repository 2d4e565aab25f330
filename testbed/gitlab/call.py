"""One call of the stand-in's API, as an endpoint's handler sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from testbed.gitlab.models import Issue, MergeRequest, Project, Token
from testbed.gitlab.shapes import Json
from testbed.gitlab.state import GitLabState, Refused, refused

GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER = 10, 15, 20, 30, 40


@dataclass(frozen=True)
class Call:
    """A call with this token: what its path names, its query and its JSON body."""

    state: GitLabState
    token: Token
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by(self) -> str:
        return self.token.username

    @property
    def project(self) -> Project:
        """The project, where its account may see it. Raises Refused (404)."""
        found = self.state.projects.get(self.path["id"].lower())
        if found is None or (found.visibility == "private" and not found.level(self.by)):
            raise refused(404, "404 Project Not Found")
        return found

    def allowed(self, level: int) -> Project:
        """The project, where the account has at least this role. Raises Refused (403)."""
        found = self.project
        if found.level(self.by) < level:
            raise refused(403, "403 Forbidden")
        return found

    def issue(self) -> Issue:
        found = self.project.issues.get(int(self.path["issue_iid"]))
        if found is None or not self.may_see(found):
            raise refused(404, "404 Issue Not Found" if found is None else "404 Not found")
        return found

    def may_see(self, issue: Issue) -> bool:
        return not issue.confidential or issue.by == self.by or self.project.level(self.by) >= PLANNER

    def merge_request(self) -> MergeRequest:
        found = self.project.merge_requests.get(int(self.path["merge_request_iid"]))
        if found is None:
            raise refused(404, "404 Not found")
        return found

    def required(self, name: str) -> str:
        value = self.body.get(name)
        if value is None:
            raise Refused(400, {"error": f"{name} is missing"})
        if not value:
            raise refused(400, {name: ["can't be blank"]})
        return str(value)

    def names(self, field_name: str) -> list[str]:
        """A list of labels, as GitLab takes them: separated by commas, or a list."""
        given = self.body.get(field_name) or ""
        return [name.strip() for name in (given.split(",") if isinstance(given, str) else given) if name.strip()]

    def number(self, name: str, default: int) -> int:
        value = self.params.get(name, "")
        return int(value) if value.isdigit() and int(value) > 0 else default


@dataclass(frozen=True)
class Listed:
    """A whole list, of which a page is answered."""

    entries: list[Json]


@dataclass(frozen=True)
class Text:
    """An answer that is no JSON."""

    text: str

"""All that the stand-in remembers, and every change that people make. No HTTP in here."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from testbed.jira.models import Account, Change, Hook, Issue, Project, Said, Status, Way


class Refused(Exception):
    """The stand-in answers with this status and these sentences, as Jira words them."""

    def __init__(self, status: int, *sentences: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(*sentences)
        self.status = status
        self.sentences, self.fields = list(sentences), fields or {}


@dataclass
class JiraState:
    """One Jira: Cloud, or Data Center."""

    tokens: dict[str, Account]
    site: str
    cloud: bool = True
    now: Callable[[], float] = time.time
    off: float = 0.0
    """Seconds by which its clock is off."""
    page: int = 100
    """Entries of a page, whatever is asked for."""
    anonymous: bool = False
    """Whether a token that is not known is taken for nobody, as Jira Cloud does, and not refused."""
    projects: dict[str, Project] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    index: dict[str, Issue] | None = None
    """What searches find in place of the issues, after `freeze`."""
    last: int = 10000

    def clock(self) -> float:
        return self.now() + self.off

    def next_id(self) -> str:
        self.last += 1
        return str(self.last)

    def clear(self) -> None:
        self.projects.clear()
        self.issues.clear()
        self.hooks.clear()
        self.index = None

    def freeze(self) -> None:
        """From now on searches find what there is now, until `thaw`."""
        self.index = copy.deepcopy(self.issues)

    def thaw(self) -> None:
        self.index = None

    def add_project(self, key: str, statuses: tuple[str, ...] = ()) -> Project:
        """A project whose workflow leads from each status to each other one."""
        made = Project(self.next_id(), key)
        for name in statuses:
            status = Status(self.next_id(), name)
            made.statuses.append(status)
            made.ways.append(Way(self.next_id(), f"To {name}", status))
        self.projects[key] = made
        return made

    def add_issue(
        self,
        project: Project,
        title: str,
        status: Status,
        body: Any,
        labels: tuple[str, ...] = (),
        by: Account | None = None,
    ) -> Issue:
        now = self.clock()
        number = 1 + sum(issue.project is project for issue in self.issues.values())
        id_ = self.next_id()
        made = Issue(id_, f"{project.key}-{number}", project, status, title, body, now, now, list(labels), creator=by)
        self.issues[id_] = made
        return made

    def find(self, id_or_key: str) -> Issue:
        """The issue by its id or key. Raises Refused (404)."""
        for issue in self.issues.values():
            if id_or_key in (issue.id, issue.key):
                return issue
        raise Refused(404, "Issue does not exist or you do not have permission to see it.")

    def project(self, key: str) -> Project:
        for project in self.projects.values():
            if key in (project.id, project.key):
                return project
        raise Refused(404, f"No project could be found with key '{key}'.")

    def change(self, issue: Issue, by: Account, what: str, old: tuple[str, str], new: tuple[str, str]) -> None:
        """Write a change into the issue's changelog."""
        issue.changed = self.clock()
        issue.log.append(Change(self.next_id(), by, issue.changed, what, old, new))

    def put(self, issue: Issue, status: Status, by: Account) -> None:
        """Into this status; nothing happens where it is there."""
        if issue.status is not status:
            self.change(issue, by, "status", (issue.status.id, issue.status.name), (status.id, status.name))
            issue.status = status

    def edit(self, issue: Issue, by: Account, title: str, body: Any) -> None:
        self.change(issue, by, "summary", ("", issue.title), ("", title))
        if body != issue.body:
            self.change(issue, by, "description", ("", "before"), ("", "after"))
        issue.title, issue.body = title, body

    def move_to(self, issue: Issue, project: Project, by: Account) -> None:
        """Into another project, where its status of the same name is another one."""
        there = next(status for status in project.statuses if status.name == issue.status.name)
        self.change(issue, by, "project", (issue.project.id, issue.project.key), (project.id, project.key))
        issue.project, issue.status = project, there
        issue.key = f"{project.key}-{self.next_id()}"

    def archive(self, issue: Issue, *, back: bool = False) -> None:
        issue.archived = None if back else self.clock()

    def say(self, issue: Issue, by: Account | None, body: Any) -> Said:
        now = self.clock()
        made = Said(self.next_id(), by, now, body, now)
        issue.comments.append(made)
        issue.changed = now
        return made

    def delete(self, issue: Issue) -> None:
        del self.issues[issue.id]

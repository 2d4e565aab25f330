"""What a project of the stand-in remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Token:
    """Whose it is, and what it may do."""

    username: str
    scopes: tuple[str, ...] = ("api",)


@dataclass
class Label:
    """A label of the project or of its group."""

    id: int
    name: str
    of_project: bool = True


@dataclass
class Note:
    """A comment, or what GitLab itself noted, on an issue or a merge request."""

    id: int
    by: str
    body: str
    at: float
    changed: float
    system: bool = False
    internal: bool = False
    position: dict[str, Any] | None = None


@dataclass(frozen=True)
class LabelEvent:
    """That a label was put on (add) or taken off (remove). The label is shown as it is now."""

    id: int
    by: str
    at: float
    label: Label | None
    action: str


@dataclass(frozen=True)
class StateEvent:
    """That an issue was closed or reopened."""

    id: int
    by: str
    at: float
    state: str


@dataclass
class Issue:
    """An issue. Its `iid` counts within the project."""

    id: int
    iid: int
    title: str
    body: str | None
    by: str
    at: float
    changed: float
    state: str = "opened"
    labels: list[Label] = field(default_factory=list)
    confidential: bool = False
    notes: list[Note] = field(default_factory=list)
    label_events: list[LabelEvent] = field(default_factory=list)
    state_events: list[StateEvent] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    """Numbers of the issues that it is linked to."""


@dataclass
class MergeRequest:
    """A merge request from one branch of the project into another."""

    id: int
    iid: int
    source: str
    target: str
    title: str
    body: str
    by: str
    at: float
    changed: float
    state: str = "opened"
    labels: list[str] = field(default_factory=list)
    reviewers: dict[str, str] = field(default_factory=dict)
    """Usernames, each with the state of their review."""
    approved_by: dict[str, float] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    diffs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Hook:
    """A webhook of the project. It is only remembered: this stand-in calls nobody."""

    id: int
    url: str
    at: float
    events: dict[str, bool]
    token: str = ""
    signing_token: str = ""
    alert_status: str = "executable"


@dataclass
class Branch:
    """A branch and its newest commit."""

    name: str
    commit: str
    at: float


@dataclass
class Status:
    """What CI says of a commit."""

    id: int
    name: str
    status: str
    url: str | None
    at: float
    allow_failure: bool = False


@dataclass
class Project:
    """A project, below groups of any depth."""

    id: int
    path: str
    visibility: str = "private"
    archived: bool = False
    issues_on: bool = True
    merge_requests_on: bool = True
    empty: bool = False
    default_branch: str = "main"
    members: dict[str, int] = field(default_factory=dict)
    invited: dict[str, int] = field(default_factory=dict)
    """Members by an invited group, of whose role the project itself says nothing."""
    labels: list[Label] = field(default_factory=list)
    issues: dict[int, Issue] = field(default_factory=dict)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    branches: dict[str, Branch] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Texts of the default branch by path."""
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    issue_count: int = 0
    merge_request_count: int = 0
    author_approves: bool = False
    reviewers_most: int = 100
    """1 in GitLab Free."""

    def level(self, username: str) -> int:
        return max(self.members.get(username, 0), self.invited.get(username, 0))

    def label(self, name: str) -> Label | None:
        return next((label for label in self.labels if label.name == name), None)


Clock = Callable[[], float]

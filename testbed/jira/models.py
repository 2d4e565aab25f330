"""What the stand-in remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CATEGORIES = {"Done": "done", "In Progress": "indeterminate", "In Review": "indeterminate"}
PERMISSIONS = ("BROWSE_PROJECTS", "TRANSITION_ISSUES", "ADD_COMMENTS", "EDIT_OWN_COMMENTS")


@dataclass
class Account:
    """A user, with what it may do in every project."""

    id: str
    name: str
    display: str
    zone: str = "Europe/Berlin"
    permissions: tuple[str, ...] = PERMISSIONS
    administers: bool = False
    shows_email: bool = True


@dataclass
class Status:
    """A status of a project's workflow."""

    id: str
    name: str


@dataclass
class Way:
    """A transition; `sources` are ids of statuses, None: from every other one."""

    id: str
    name: str
    to: Status
    sources: tuple[str, ...] | None = None
    has_screen: bool = False
    required: str = ""
    """A field without which Jira refuses it."""


@dataclass
class Project:
    """A project with one workflow for all its kinds of issues."""

    id: str
    key: str
    statuses: list[Status] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    archived: bool = False


@dataclass
class Change:
    """An entry of an issue's changelog."""

    id: str
    by: Account
    at: float
    field: str
    old: tuple[str, str]
    new: tuple[str, str]
    """Id and name."""


@dataclass
class Said:
    """A comment; `body` as Jira stores it."""

    id: str
    by: Account | None
    at: float
    body: Any
    changed: float
    role: str = ""
    """Who alone may read it."""


@dataclass
class Issue:
    """An issue; its id stays when it is moved to another project, its key does not."""

    id: str
    key: str
    project: Project
    status: Status
    title: str
    body: Any
    at: float
    changed: float
    labels: list[str] = field(default_factory=list)
    priority: str = "Medium"
    kind: tuple[str, str] = ("10001", "Task")
    archived: float | None = None
    log: list[Change] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    pages: list[tuple[str, str]] = field(default_factory=list)
    """Title and address of what it is linked to elsewhere."""
    relations: list[tuple[str, str, Issue]] = field(default_factory=list)
    """How, in which direction (inward or outward), and to which issue."""
    subtasks: list[Issue] = field(default_factory=list)
    parent: Issue | None = None
    creator: Account | None = None


@dataclass
class Hook:
    """A webhook; it is only remembered."""

    id: int
    url: str
    body: dict[str, Any]
    on: bool = True

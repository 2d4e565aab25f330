"""What the stand-in remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    """Somebody in the workspace."""

    id: str
    name: str
    active: bool = True
    guest: bool = False


@dataclass(frozen=True)
class Token:
    """Of an account; scopes are read, write and admin."""

    user: str
    scopes: tuple[str, ...] = ("read", "write")


@dataclass
class State:
    """A team's workflow state."""

    id: str
    name: str
    kind: str
    """Linear's type: backlog, unstarted, started, completed, canceled."""
    archived: bool = False


@dataclass
class Team:
    """A team with its states; the members are users' names."""

    id: str
    key: str
    states: list[State] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    archived_at: float | None = None
    numbers: int = 0


@dataclass
class Said:
    """A comment; user is a name, or empty where an integration brought it."""

    id: str
    user: str
    body: str
    at: float
    bot: str = ""


@dataclass
class Attached:
    """An attachment: Linear's are titles with addresses."""

    id: str
    title: str
    url: str
    at: float


@dataclass
class Issue:
    """An issue. Entries of its history are as the API names their fields."""

    id: str
    team: Team
    number: int
    title: str
    body: str
    state: State
    at: float
    changed: float
    priority: int = 0
    labels: list[str] = field(default_factory=list)
    parent: str = ""
    archived_at: float | None = None
    trashed: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    attachments: list[Attached] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    """Ids of the issues that this one relates to."""
    by: str = ""
    """Name of who made it; empty: an integration."""


@dataclass
class Hook:
    """A webhook of a team; it is only remembered: this stand-in calls nobody."""

    id: str
    url: str
    team: str
    enabled: bool
    secret: str
    resources: list[str]

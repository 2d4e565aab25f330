"""What a repository of the stand-in remembers of its pull requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.gitea.issue_models import Label

README = "# An app\n\nIt has three lines.\n"


@dataclass(frozen=True)
class Comment:
    """What somebody said on a pull request."""

    id: int
    by: str
    body: str
    at: float


@dataclass(frozen=True)
class OnLine:
    """What a review says of a line of the changed file."""

    id: int
    path: str
    line: int
    body: str


@dataclass
class Review:
    """A review; its state as Gitea names it."""

    id: int
    by: str
    state: str
    body: str
    at: float
    commit: str
    lines: list[OnLine] = field(default_factory=list)
    dismissed: bool = False


@dataclass(frozen=True)
class Status:
    """What CI says of a commit."""

    id: int
    context: str
    state: str
    at: float


@dataclass
class Pull:
    """A pull request within one repository. Each changes README.md's first three lines."""

    id: int
    number: int
    head: str
    base: str
    title: str
    body: str
    by: str
    at: float
    state: str = "open"
    merged: bool = False
    changed: float = 0
    comments: list[Comment] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Who is asked for a review."""
    reviews: list[Review] = field(default_factory=list)

"""What a repository of the stand-in remembers of its issues."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Label:
    """A label of the repository."""

    id: int
    name: str
    color: str = "00aabb"
    archived: bool = False


@dataclass
class Happened:
    """An entry of an issue's timeline; a comment is one too."""

    id: int
    kind: str
    """As Gitea names it: comment, label, close, reopen."""
    by: str
    body: str
    at: float
    changed: float
    label: Label | None = None
    original_author: str = ""
    """Who wrote it on the server that it was brought from."""


@dataclass(frozen=True)
class File:
    """An attachment of an issue."""

    id: int
    name: str
    at: float


@dataclass
class Issue:
    """An issue, whose number it shares with no pull request."""

    id: int
    number: int
    title: str
    body: str
    by: str
    at: float
    changed: float
    state: str = "open"
    labels: list[Label] = field(default_factory=list)
    log: list[Happened] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


@dataclass
class Hook:
    """A webhook of the repository. It is only remembered: this stand-in calls nobody."""

    id: int
    url: str
    secret: str
    active: bool
    events: list[str]
    at: float


@dataclass
class Tracker:
    """A repository's issues and what belongs to them."""

    on: bool = True
    labels: dict[int, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    writers: set[str] | None = None
    """Who may write; None: everybody who has a token."""

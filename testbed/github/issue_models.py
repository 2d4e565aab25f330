"""What the stand-in remembers of accounts and issues."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class User:
    """An account: of a person, of an app (Bot), or an organisation."""

    id: int
    login: str
    kind: str = "User"


@dataclass
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "00aabb"


@dataclass
class Happened:
    """An entry of an issue's timeline; a comment is one too."""

    id: int
    kind: str
    """As GitHub names it: commented, labeled, unlabeled, closed, reopened, transferred, cross-referenced, renamed."""
    by: User
    at: float
    changed: float
    body: str = ""
    label: str = ""
    """The label's name as it was then."""
    rename: tuple[str, str] | None = None
    """The title before and after."""
    source: Issue | None = None
    """The issue that mentions this one."""


@dataclass
class Issue:
    """An issue; a pull request is one too, with the same number."""

    id: int
    number: int
    title: str
    body: str | None
    by: User
    at: float
    changed: float
    state: str = "open"
    labels: list[Label] = field(default_factory=list)
    log: list[Happened] = field(default_factory=list)
    is_pull: bool = False
    edited: float | None = None
    """When the description was changed last, and by whom."""
    editor: User | None = None

    @property
    def said(self) -> list[Happened]:
        return [entry for entry in self.log if entry.kind == "commented"]

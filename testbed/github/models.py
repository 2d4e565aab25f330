"""What the stand-in remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.github.pull_models import Code

ROLES = ("read", "triage", "write", "maintain", "admin")
"""What an account may do in a repository; each may what those before it may."""


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


@dataclass
class Hook:
    """A webhook. It is only remembered: this stand-in calls nobody."""

    id: int
    url: str
    secret: str
    active: bool
    events: list[str]
    at: float


@dataclass
class Repository:
    """A repository with its issues."""

    id: int
    owner: User
    name: str
    default_branch: str
    at: float
    private: bool = True
    archived: bool = False
    has_issues: bool = True
    roles: dict[str, str] = field(default_factory=dict)
    """What which account may do (see ROLES); the owner may all."""
    numbers: int = 0
    labels: dict[int, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    """Numbers of the issues that were deleted."""
    transferred: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number of an issue that was transferred, to the repository's id and the number there."""
    hooks: dict[int, Hook] = field(default_factory=dict)
    code: Code = field(default_factory=Code)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def next_number(self) -> int:
        """Issues and pull requests are counted together; a number is not given again."""
        self.numbers += 1
        return self.numbers

    def may(self, login: str, role: str) -> bool:
        """Whether this account has this role here, or a greater one."""
        has = "admin" if login == self.owner.login else self.roles.get(login)
        return has is not None and ROLES.index(has) >= ROLES.index(role)

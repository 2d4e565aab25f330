"""What the stand-in remembers of repositories."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.github.issue_models import Issue, Label, User
from testbed.github.pull_models import Code

ROLES = ("read", "triage", "write", "maintain", "admin")
"""What an account may do in a repository; each may what those before it may."""


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

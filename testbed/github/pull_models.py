"""What the stand-in remembers of a repository's code: branches, files, pull requests with their reviews, and CI."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.github.issue_models import Issue, User


@dataclass
class Branch:
    """A branch with the commit that was pushed last, and when."""

    name: str
    commit: str
    at: float
    base: str = ""
    """The commit that it began from; the same where it has no change."""


@dataclass
class Line:
    """What a review says of a line."""

    id: int
    by: User
    path: str
    line: int | None
    """None: the line is gone."""
    body: str
    at: float
    side: str = "RIGHT"


@dataclass
class Review:
    """A review; one that is not submitted has no time, and is seen by its author alone."""

    id: int
    by: User
    state: str
    body: str
    at: float | None
    commit: str
    lines: list[Line] = field(default_factory=list)


@dataclass
class Pull:
    """A pull request; its title, text, state, labels and comments are those of its issue."""

    issue: Issue
    head: str
    base: str
    commit: str
    draft: bool = False
    merged: bool = False
    reviewers: list[User] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    of_fork: bool = False
    """Its branch is a fork's."""


@dataclass
class CheckRun:
    """What a check of a GitHub App says of a commit; without a conclusion it is under way."""

    id: int
    name: str
    conclusion: str | None
    at: float


@dataclass
class Status:
    """What a CI without an App says of a commit."""

    id: int
    context: str
    state: str
    by: User
    at: float


@dataclass
class Code:
    """All of it; a repository without branches is empty."""

    branches: dict[str, Branch] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    """Old name to the new one, as GitHub remembers it."""
    files: dict[str, str] = field(default_factory=dict)
    """Path to text, the same on every branch."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    runs: dict[str, list[CheckRun]] = field(default_factory=dict)
    """By commit."""
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    teams: set[str] = field(default_factory=set)
    """Slugs of the organisation's teams that may see the repository."""
    drafts: bool = True
    """Whether the plan has drafts."""
    pull_requests: bool = True
    """Whether they are switched on."""

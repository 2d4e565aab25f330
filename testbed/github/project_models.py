"""What the stand-in remembers of projects."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.github.issue_models import Issue, User
from testbed.github.models import Repository


@dataclass
class Option:
    """One value of a single-select field."""

    id: str
    name: str


@dataclass
class Value:
    """What an item has in a single-select field, and since when."""

    option: Option
    at: float


@dataclass
class Item:
    """An item of a project: an issue, a pull request, or a draft, which is no issue yet."""

    id: int
    about: Issue | None
    owner: Repository | None
    title: str = ""
    """A draft's."""
    values: dict[str, Value] = field(default_factory=dict)
    """By the field's name."""
    archived: bool = False


@dataclass
class Change:
    """A change of an item's status, as it stands in the issue's timeline."""

    id: int
    issue: Issue
    status: str
    at: float
    by: User


@dataclass
class Project:
    """A project of an organisation or a user, with its single-select fields Status and Priority."""

    id: int
    owner: User
    number: int
    fields: dict[str, list[Option]]
    roles: dict[str, str] = field(default_factory=dict)
    """What which account may do: read, write or admin."""
    closed: bool = False
    items: list[Item] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def item_of(self, issue: Issue) -> Item:
        return next(item for item in self.items if item.about is issue)

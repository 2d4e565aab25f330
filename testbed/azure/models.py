"""What the stand-in remembers of people, projects and work items."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


def new_id() -> str:
    """A GUID, as nearly everything has one."""
    return str(uuid.uuid4())


@dataclass
class Person:
    """An identity."""

    name: str
    may_write: bool = True
    may_subscribe: bool = False
    id: str = field(default_factory=new_id)

    @property
    def unique_name(self) -> str:
        return f"{self.name}@acme.example"


@dataclass(frozen=True)
class Token:
    """A personal access token; scopes as https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/
    authentication/oauth names them."""

    person: str
    scopes: tuple[str, ...] = ("vso.work_write", "vso.project", "vso.code_write")
    expired: bool = False


@dataclass
class Column:
    """A column of a team's board; states by work item type."""

    name: str
    states: dict[str, str]
    kind: str = "inProgress"
    split: bool = False
    id: str = field(default_factory=new_id)


@dataclass
class TeamBoard:
    """A team's board: work items have its column in a field of its own."""

    name: str
    columns: list[Column]
    id: str = field(default_factory=new_id)

    @property
    def field_name(self) -> str:
        return f"WEF_{self.id.replace('-', '').upper()}_Kanban.Column"


@dataclass
class Team:
    """A team with the areas whose work items are its own."""

    name: str
    members: list[str]
    areas: list[str]
    boards: list[TeamBoard] = field(default_factory=list)
    id: str = field(default_factory=new_id)


@dataclass
class Change:
    """An update of a work item: fields with their old and new values."""

    id: int
    by: str
    at: float
    fields: dict[str, tuple[Any, Any]]


@dataclass
class Said:
    """A comment; format is html or markdown."""

    id: int
    by: str
    text: str
    at: float
    format: str
    deleted: bool = False


@dataclass
class Item:
    """A work item. Its fields are by their reference names."""

    id: int
    fields: dict[str, Any]
    formats: dict[str, str] = field(default_factory=dict)
    """Fields of many lines that are Markdown; the others are HTML."""
    relations: list[Json] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    deleted: bool = False

    @property
    def rev(self) -> int:
        return len(self.changes)


@dataclass
class Hook:
    """A service hook subscription. It is only remembered: this stand-in calls nobody."""

    id: str
    event: str
    status: str
    publisher: Json
    consumer: Json


@dataclass
class Project:
    """A project; the states of each type of work item."""

    name: str
    types: dict[str, list[str]]
    teams: list[Team] = field(default_factory=list)
    id: str = field(default_factory=new_id)
    state: str = "wellFormed"

"""Every change that can be made to a project. No HTTP in here."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.github.issue_models import Issue, User
from testbed.github.models import Repository
from testbed.github.project_models import Change, Item, Option, Project, Value
from testbed.github.state import GitHubState

STATUS, PRIORITY = "Status", "Priority"


def add_project(
    state: GitHubState, owner: str, number: int, columns: Sequence[str], kind: str = "Organization"
) -> Project:
    """A project with these columns."""
    fields = {
        STATUS: [_option(state, name) for name in columns],
        PRIORITY: [_option(state, name) for name in ("High", "Low")],
    }
    made = Project(state.next_id(), state.user(owner, kind), number, fields)
    state.projects[made.id] = made
    return made


def add_item(state: GitHubState, project: Project, issue: Issue, owner: Repository) -> Item:
    made = Item(state.next_id(), issue, owner)
    project.items.append(made)
    return made


def add_draft(state: GitHubState, project: Project, title: str, column: str) -> Item:
    made = Item(state.next_id(), None, None, title)
    project.items.append(made)
    made.values[STATUS] = Value(option(project, STATUS, column), state.now())
    return made


def option(project: Project, field: str, name: str) -> Option:
    return next(one for one in project.fields[field] if one.name == name)


def set_value(
    state: GitHubState, project: Project, item: Item, field: str, wanted: Option, by: User | None = None
) -> None:
    """The same value again changes nothing. A change of an issue's status stands in its timeline. by: absent: who
    opened the issue."""
    had = item.values.get(field)
    if had is not None and had.option is wanted:
        return
    item.values[field] = Value(wanted, state.now())
    if field == STATUS and item.about is not None:
        project.changes.append(Change(state.next_id(), item.about, wanted.name, state.now(), by or item.about.by))


def remove(project: Project, issue: Issue) -> None:
    """The issue's item, where it has one."""
    project.items = [item for item in project.items if item.about is not issue]


def _option(state: GitHubState, name: str) -> Option:
    return Option(f"{state.next_id():08x}", name)

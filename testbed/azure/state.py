"""The organisation, and every change that people and the API make to its work items. No HTTP in here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from testbed.azure.models import Change, Hook, Item, Person, Project, Said, Team, TeamBoard, Token

STATE, AREA, DELETED = "System.State", "System.AreaPath", "System.IsDeleted"
BOARD_COLUMN = "System.BoardColumn"


class Refused(Exception):
    """What Azure DevOps answers instead: a status, its sentence and the type of its exception."""

    def __init__(self, status: int, message: str, kind: str = "VssServiceException") -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


class AzureState:
    """Everything of one organisation."""

    def __init__(self, tokens: Mapping[str, Token], site: str, organisation: str = "acme") -> None:
        self.tokens, self.site, self.organisation = dict(tokens), site, organisation
        self.skew = 0.0
        """Seconds that the vendor's clock is ahead."""
        self._last = 0.0
        self.more: dict[str, Any] = {}
        """What other modules of the stand-in remember, by their name."""
        self.clear()

    def clear(self) -> None:
        """Forget all but the tokens."""
        self.people: dict[str, Person] = {}
        self.projects: dict[str, Project] = {}
        self.items: dict[int, Item] = {}
        self.hooks: dict[str, Hook] = {}
        self.more.clear()
        self._number = 0

    @property
    def root(self) -> str:
        """The organisation's address."""
        return f"{self.site}/{self.organisation}"

    def now(self) -> float:
        """Seconds since 1970 by the vendor's clock; each look is a millisecond later at least."""
        self._last = max(round(self._last + 0.001, 3), round(time.time(), 3))
        return self._last + self.skew

    def next_number(self) -> int:
        self._number += 1
        return self._number

    # What people do

    def add_person(self, name: str, *, may_write: bool = True, may_subscribe: bool = False) -> Person:
        made = self.people[name] = Person(name, may_write, may_subscribe)
        return made

    def add_project(self, name: str, types: dict[str, list[str]]) -> Project:
        made = self.projects[name] = Project(name, types)
        return made

    def project(self, name: str) -> Project:
        """By its name or id. Raises Refused (404)."""
        for found in self.projects.values():
            if name in (found.name, found.id):
                return found
        text = f"TF200016: The following project does not exist: {name}. Verify that the name of the project is correct"
        raise Refused(404, text, "ProjectDoesNotExistWithNameException")

    def team(self, project: Project, name: str) -> Team:
        """By its name or id. Raises Refused (404)."""
        for found in project.teams:
            if name in (found.name, found.id):
                return found
        raise Refused(404, f"The team with id '{name}' does not exist.", "TeamNotFoundException")

    def add_item(self, project: Project, kind: str, by: str, fields: Mapping[str, Any]) -> Item:
        made = Item(self.next_number(), {})
        self.items[made.id] = made
        born = {"System.TeamProject": project.name, AREA: project.name, "System.WorkItemType": kind}
        # One that is made in a column of a board gets its state from there.
        first = {} if any(name.startswith("WEF_") for name in fields) else {STATE: project.types[kind][0]}
        self.change(made, by, born | first | dict(fields))
        return made

    def change(self, item: Item, by: str, fields: Mapping[str, Any]) -> None:
        """An update; setting what is there already is none. A column of a board and its state go together."""
        wanted = self._with_columns(item, dict(fields))
        changed = {name: (item.fields.get(name), value) for name, value in wanted.items()}
        changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
        if changed:
            self._note(item, by, changed)

    def delete(self, item: Item, by: str, *, back: bool = False) -> None:
        """Into the recycle bin, or out of it."""
        item.deleted = not back
        self._note(item, by, {DELETED: (back, not back)})

    def say(self, item: Item, by: str, text: str, form: str) -> Said:
        made = Said(self.next_number(), by, text, 0.0, form)
        item.comments.append(made)
        made.at = self._note(item, by, {"System.History": (None, text)})
        return made

    def item(self, number: int) -> Item:
        """The work item, where it is not in the recycle bin. Raises Refused (404)."""
        found = self.items.get(number)
        if found is None or found.deleted:
            text = f"TF401232: Work item {number} does not exist, or you do not have permissions to read it."
            raise Refused(404, text, "WorkItemUnauthorizedAccessException")
        return found

    def boards_of(self, item: Item) -> list[TeamBoard]:
        """The boards that a work item is on."""
        project = self.projects[item.fields["System.TeamProject"]]
        area, kind = item.fields[AREA], item.fields["System.WorkItemType"]
        return [
            board
            for team in project.teams
            if any(area == mine or area.startswith(mine + "\\") for mine in team.areas)
            for board in team.boards
            if kind in board.columns[0].states
        ]

    def _with_columns(self, item: Item, fields: dict[str, Any]) -> dict[str, Any]:
        """As Azure Boards does: a new column brings its state, and a new state its first column."""
        whole = item.fields | fields
        probe = Item(item.id, whole)
        for board in self.boards_of(probe):
            kind, moved = whole["System.WorkItemType"], board.field_name in fields
            here = next((one for one in board.columns if one.name == whole.get(board.field_name)), None)
            if moved and here is None:
                raise Refused(400, f"TF401320: Rule Error for field {board.field_name}.", "RuleValidationException")
            if moved and here is not None and STATE not in fields:
                fields[STATE] = here.states[kind]
            elif here is None or here.states[kind] != whole[STATE]:
                here = next(one for one in board.columns if one.states[kind] == whole[STATE])
            fields[board.field_name] = fields[BOARD_COLUMN] = here.name
            whole = item.fields | fields
        return fields

    def _note(self, item: Item, by: str, changed: dict[str, tuple[Any, Any]]) -> float:
        at = self.now()
        item.fields |= {name: new for name, (_, new) in changed.items() if name != DELETED}
        item.fields["System.ChangedDate"] = date(at)
        item.fields.setdefault("System.CreatedDate", date(at))
        item.fields["System.CommentCount"] = sum(not said.deleted for said in item.comments)
        item.changes.append(Change(len(item.changes) + 1, by, at, changed))
        return at


def date(at: float) -> str:
    """A moment as the API writes it: no zeros at the end of the fraction."""
    text = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].rstrip("0").rstrip(".")
    return text + "Z"

"""One call to the API: its parameters, read and checked the way Trello refuses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from testbed.trello.ids import bound, is_id, is_short_link
from testbed.trello.shapes import Json
from testbed.trello.state import TrelloState

TEXT_MAX = 16384


class Refused(Exception):
    """The call is refused with this status and Trello's plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text


def invalid(name: str) -> Refused:
    return Refused(400, f"invalid value for {name}")


def not_found() -> Refused:
    return Refused(404, "The requested resource was not found.")


@dataclass(frozen=True)
class Call:
    """A call by the person `by`; only `declared` parameters can be read, so that the declaration stays whole."""

    state: TrelloState
    by: Json
    path: Mapping[str, str]
    params: Mapping[str, str]
    declared: frozenset[str] = field(default_factory=frozenset)

    def get(self, name: str) -> str | None:
        if name not in self.declared:
            raise KeyError(f"parameter {name!r} is read but not declared for this route")
        return self.params.get(name)

    def text(self, name: str, *, least: int = 0, required: bool = False) -> str | None:
        """The parameter as text of `least` to 16,384 characters; None when absent and not required."""
        value = self.get(name)
        if value is None:
            if required:
                raise invalid(name)
            return None
        if not least <= len(value) <= TEXT_MAX:
            raise invalid(name)
        return value

    def required(self, name: str) -> str:
        value = self.text(name, least=1, required=True)
        assert value is not None
        return value

    def flag(self, name: str) -> bool | None:
        value = self.get(name)
        if value is not None and value not in ("true", "false"):
            raise invalid(name)
        return None if value is None else value == "true"

    def number(self, name: str, default: int, most: int) -> int:
        value = self.get(name)
        if value is None:
            return default
        if not value.isdigit() or int(value) > most:
            raise invalid(name)
        return int(value)

    def choice(self, name: str, default: str, *allowed: str) -> str:
        value = self.get(name) or default
        if value not in allowed:
            raise invalid(name)
        return value

    def pos(self, name: str = "pos") -> str | float | None:
        value = self.get(name)
        if value is None or value in ("top", "bottom"):
            return value
        try:
            number = float(value)
        except ValueError as wrong:
            raise invalid(name) from wrong
        if not 0 < number < float("inf"):
            raise invalid(name)
        return number

    def id_bound(self, name: str) -> str | None:
        value = self.get(name)
        try:
            return None if value in (None, "", "null") else bound(value)
        except ValueError as wrong:
            raise invalid(name) from wrong

    # What the path and the parameters name

    def board(self) -> Json:
        return self._of_path(self.state.boards, links=True)

    def card(self) -> Json:
        return self._of_path(self.state.cards, links=True)

    def list_(self) -> Json:
        return self._of_path(self.state.lists, links=False)

    def checklist(self) -> Json:
        return self._of_path(self.state.checklists, links=False)

    def comment(self, card: Json) -> Json:
        """The comment named idAction on this card."""
        if not is_id(self.path["idAction"]):
            raise Refused(400, "invalid id")
        found = self.state.actions.get(self.path["idAction"])
        if found is None or found["type"] != "commentCard" or found["data"]["card"]["id"] != card["id"]:
            raise not_found()
        return found

    def member(self) -> Json:
        """The person that the path's id names: `me`, an id or a user name."""
        name = self.path["id"]
        if name == "me":
            return self.by
        for person in self.state.members.values():
            if name in (person["id"], person["username"]):
                return person
        raise not_found()

    def named(self, name: str, among: Mapping[str, Json]) -> Json:
        """The thing whose id is the required parameter `name`."""
        id_ = self.get(name)
        if id_ is None or not is_id(id_):
            raise invalid(name)
        if id_ not in among:
            raise not_found()
        return self._visible(among[id_])

    def label_ids(self, name: str, board_id: str) -> list[str] | None:
        value = self.get(name)
        if value is None:
            return None
        ids = [id_ for id_ in value.split(",") if id_]
        for id_ in ids:
            if id_ not in self.state.labels or self.state.labels[id_]["idBoard"] != board_id:
                raise invalid(name)
        return ids

    def _of_path(self, among: Mapping[str, Json], *, links: bool) -> Json:
        id_ = self.path["id"]
        if is_id(id_):
            found = among.get(id_.lower())
        elif links and is_short_link(id_):
            found = next((entry for entry in among.values() if entry["shortLink"] == id_), None)
        else:
            raise Refused(400, "invalid id")
        if found is None:
            raise not_found()
        return self._visible(found)

    def _visible(self, found: Json) -> Json:
        board_id = found["idBoard"] if "idBoard" in found else found["id"]
        if board_id not in self.by["idBoards"]:
            raise Refused(401, "unauthorized permission requested")
        return found

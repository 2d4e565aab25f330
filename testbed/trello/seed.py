"""What a board holds when the stand-in starts, read from a YAML file.

boards:
  - name: Boardhand demo
    shortLink: demoBrd1            # optional
    labels: [{name: bug, color: red}]
    lists: [Sprint Backlog, In Progress, In Review, Done]
    members: [{username: ada, fullName: Ada Lovelace, token: ada-token}]
    cards:
      - {list: Sprint Backlog, name: ..., desc: ..., labels: [bug], checklists: {Criteria: [one, two]}}
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from testbed.trello.shapes import Json
from testbed.trello.state import TrelloState


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeedLabel(_Strict):
    name: str
    color: str | None = None


class SeedMember(_Strict):
    username: str
    fullName: str
    token: str | None = None


class SeedCard(_Strict):
    name: str
    desc: str = ""
    labels: list[str] = []
    checklists: dict[str, list[str]] = {}
    column: Annotated[str, Field(alias="list")]


class SeedBoard(_Strict):
    name: str
    desc: str = ""
    shortLink: Annotated[str, Field(pattern=r"^[0-9a-zA-Z]{8}$")] | None = None
    labels: list[SeedLabel] = []
    lists: list[str] = []
    members: list[SeedMember] = []
    cards: list[SeedCard] = []


class Seed(_Strict):
    boards: list[SeedBoard]


def load_seed(path: Path) -> Seed:
    """The seed in this file; raises pydantic's ValidationError naming the wrong field."""
    return Seed.model_validate(yaml.safe_load(path.read_text()))


def plant(state: TrelloState, seed: Seed) -> None:
    """Put the seed's boards into the state. Raises ValueError when a card names an unknown list or label."""
    for wanted in seed.boards:
        people = [state.add_member(m.username, m.fullName, m.token) for m in wanted.members]
        board = state.add_board(wanted.name, state.owner, desc=wanted.desc, link=wanted.shortLink or "")
        for person in people:
            state.join(board, person)
        lists = {name: state.add_list(board, name, "bottom", state.owner) for name in wanted.lists}
        labels = {entry.name: state.add_label(board, entry.name, entry.color) for entry in wanted.labels}
        for card in wanted.cards:
            _plant_card(state, card, lists, labels)


def _plant_card(state: TrelloState, wanted: SeedCard, lists: dict[str, Json], labels: dict[str, Json]) -> None:
    unknown = ({wanted.column} - lists.keys()) | (set(wanted.labels) - labels.keys())
    if unknown:
        raise ValueError(f"card {wanted.name!r}: {sorted(unknown)} is no list or label of its board")
    card = state.add_card(lists[wanted.column], wanted.name, wanted.desc, "bottom", state.owner)
    state.set_labels(card, [labels[name]["id"] for name in wanted.labels])
    for name, items in wanted.checklists.items():
        made = state.add_checklist(card, name, state.owner)
        for item in items:
            state.add_check_item(made, item, checked=False)

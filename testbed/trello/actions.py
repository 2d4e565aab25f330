"""The log of what happened on a board, as Trello keeps it: one action for each event, found by board or card."""

from __future__ import annotations

from testbed.trello import shapes
from testbed.trello.ids import Ids
from testbed.trello.shapes import Json


class ActionLog:
    """Actions by id, and by each model (board, card) that they are about, oldest first."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._by_id: dict[str, Json] = {}
        self._by_model: dict[str, dict[str, Json]] = {}

    def record(self, kind: str, by: Json, data: Json, now: float) -> Json:
        action = shapes.action(self._ids.new(), kind, by, data, now)
        self._by_id[action["id"]] = action
        for model in _models(action):
            self._by_model.setdefault(model, {})[action["id"]] = action
        return action

    def forget(self, action: Json) -> None:
        del self._by_id[action["id"]]
        for model in _models(action):
            del self._by_model[model][action["id"]]

    def get(self, id_: str) -> Json | None:
        return self._by_id.get(id_)

    def of(self, model: Json) -> list[Json]:
        return list(self._by_model.get(model["id"], {}).values())


def _models(action: Json) -> list[str]:
    return [action["data"][kind]["id"] for kind in ("board", "card") if kind in action["data"]]

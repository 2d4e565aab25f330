"""What the stand-in remembers, whose it is, and the record of what happened. No HTTP in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from testbed.trello import shapes
from testbed.trello.actions import ActionLog
from testbed.trello.ids import Ids
from testbed.trello.shapes import Json

POS_STEP = 65536.0


class Memory:
    """People, and the actions of what is done to boards and cards.

    The first of `tokens` (token to user name) is who the seed is written by. `now` is Unix seconds. `site` begins the
    links to cards, so that they lead to the stand-in's own page.
    """

    def __init__(
        self, key: str, tokens: dict[str, str], now: Callable[[], float] = time.time, site: str = shapes.SITE
    ) -> None:
        self.key = key
        self._site = site
        self._first_tokens = dict(tokens)
        self.now = now
        self._ids = Ids(now)
        self.happened: Callable[[Json], None] = lambda _: None
        """Told of each action once it is recorded."""
        self.clear()

    def clear(self) -> None:
        """Forget everything but the key, the tokens and the people they belong to."""
        self.members: dict[str, Json] = {}
        self.tokens: dict[str, str] = {}
        self.boards: dict[str, Json] = {}
        self.lists: dict[str, Json] = {}
        self.cards: dict[str, Json] = {}
        self.labels: dict[str, Json] = {}
        self.checklists: dict[str, Json] = {}
        self.attachments: dict[str, list[Json]] = {}
        self.webhooks: dict[str, Json] = {}
        self._webhook_owners: dict[str, str] = {}
        self.actions = ActionLog(self._ids)
        self._card_numbers: dict[str, int] = {}
        self.version = 0
        for token, username in self._first_tokens.items():
            self.add_member(username, username.replace("-", " ").title(), token)

    def set_clock(self, now: Callable[[], float]) -> None:
        """As if the clock had always gone so: new ids and dates are by it."""
        self.now = now
        self._ids.restart(now)

    # People

    def add_member(self, username: str, full_name: str, token: str | None = None) -> Json:
        """The person of this user name, made if new; `token` then speaks for them."""
        person = next((m for m in self.members.values() if m["username"] == username), None)
        if person is None:
            person = shapes.member(self._ids.new(), username, full_name)
            self.members[person["id"]] = person
        person["fullName"] = full_name
        if token is not None:
            self.tokens[token] = person["id"]
        return person

    @property
    def owner(self) -> Json:
        return next(iter(self.members.values()))

    # Actions

    def _record_on_card(self, kind: str, card: Json, by: Json, data: Json, **changed: Any) -> Json:
        about = {name: card[name] for name in ("id", "name", "idShort", "shortLink")}
        return self._record(kind, by, self.boards[card["idBoard"]], data | {"card": about | changed})

    def _record(self, kind: str, by: Json, board: Json, data: Json) -> Json:
        about = {name: board[name] for name in ("id", "name", "shortLink")}
        action = self.actions.record(kind, by, data | {"board": about}, self.now())
        board["dateLastActivity"] = action["date"]
        self.version += 1
        self.happened(action)
        return action

    def _touch(self, card: Json) -> None:
        card["dateLastActivity"] = shapes.iso(self.now())
        self.version += 1

    def _pos(self, wanted: str | float, among: Iterable[Json]) -> float:
        """Where it goes; the others are looked at only where the place depends on them: a board may have thousands."""
        if wanted not in ("top", "bottom"):
            return float(wanted)
        places = [float(entry["pos"]) for entry in among] or [0.0 if wanted == "bottom" else 2 * POS_STEP]
        return min(places) / 2 if wanted == "top" else max(places) + POS_STEP

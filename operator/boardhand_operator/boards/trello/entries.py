"""By which event each card of one Trello list came into it: of the board's log, kept while a card does not change."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from boardhand_operator.boards.trello.log import ENTERING, Entry, Json, birth, entries
from boardhand_operator.http.transport import Client, segment

PAGES = (100, 1000, 1000, 1000, 1000)
"""Sizes of the pages of the board's actions that one poll reads at most: a further one where a card is missing."""
LOOKUPS = 50
"""Cards older than those pages whose own actions one poll reads; the others wait for the next poll."""
SECONDS = 300.0
"""What the board's log said is read again after so long, whatever the cards say."""

_Key = tuple[str, str]
"""A card and its last activity, of which every move is one: a card that left and came back is another key."""


class Entered:
    """The events of the cards of one list. Two reads of the log that agree are remembered: it may lag behind."""

    def __init__(self, http: Client, board_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._http, self._board_id, self._clock = http, board_id, clock
        self._sure: dict[_Key, Entry] = {}
        self._own: dict[_Key, Entry] = {}
        """Of cards older than the board's log, by their own actions: read once."""
        self._once: dict[_Key, Entry] = {}
        self._until = 0.0

    async def of(self, cards: list[Json], list_id: str) -> dict[str, Entry]:
        """The event of each of these cards, but for those that wait for the next poll (see LOOKUPS).

        No request where all are remembered.
        """
        keys: dict[str, _Key] = {card["id"]: (card["id"], card["dateLastActivity"]) for card in cards}
        self._forget(set(keys.values()))
        known = self._own | self._sure
        missing = {id_ for id_, key in keys.items() if key not in known}
        found = await self._logged(missing, list_id) if missing else {}
        for id_ in sorted(missing - found.keys())[:LOOKUPS]:
            own = entries(await card_actions(self._http, id_, ",".join(ENTERING)), list_id)
            self._own[keys[id_]] = own.get(id_) or birth(id_)
        self._agree({keys[id_]: entry for id_, entry in found.items() if id_ in keys})
        known = self._own | self._sure
        return {id_: known[key] for id_, key in keys.items() if key in known} | found

    def _forget(self, there: set[_Key]) -> None:
        if self._clock() >= self._until:
            self._sure.clear()
            self._until = self._clock() + SECONDS
        for kept in (self._sure, self._own, self._once):
            for key in kept.keys() - there:
                del kept[key]

    def _agree(self, found: dict[_Key, Entry]) -> None:
        self._sure |= {key: entry for key, entry in found.items() if self._once.get(key) == entry}
        self._once |= found

    async def _logged(self, wanted: set[str], list_id: str) -> dict[str, Entry]:
        """The events in the board's log, read backwards until all wanted cards are found or PAGES are read."""
        found: dict[str, Entry] = {}
        params = {"filter": ",".join(ENTERING), "fields": "data,date,type", "memberCreator": "false"}
        operation = f"read what happened on board {self._board_id}"
        for size in PAGES:
            params["limit"] = str(size)
            page: list[Any] = await self._http.get(operation, f"/boards/{segment(self._board_id)}/actions", params)
            found = entries(page, list_id) | found
            if len(page) < size or wanted <= found.keys():
                break
            params["before"] = page[-1]["id"]
        return found


async def card_actions(http: Client, card_id: str, kinds: str, page: int = 0) -> list[Json]:
    """One page of a card's own actions of these types, newest first. Raises what `Client.get` raises."""
    params = {"filter": kinds, "page": str(page)}
    operation, path = f"read what happened to card {card_id}", f"/cards/{segment(card_id)}/actions"
    actions: list[Json] = await http.get(operation, path, params)
    return actions

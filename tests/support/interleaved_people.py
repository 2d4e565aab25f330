"""What people do to boards, pools and runs while the operator works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial

from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.interleaved import Town


class Act(Enum):
    """Something that a person does."""

    MOVE = "move a card"
    READY = "move a card to the ready column"
    RETRY = "ask for another attempt"
    STOP = "stop"
    CANCEL = "call a run off"
    DELETE = "delete a run"
    EDIT = "edit a pool"
    SUSPEND = "suspend a pool for a while"
    POKE = "call the webhooks"
    TEAR = "take a card off the board"


class People:
    """Those who can do certain things, and do them at any time."""

    def __init__(self, town: Town, acts: Sequence[Act]) -> None:
        self._town, self._acts, self._dice = town, acts, town.dice
        self.done: list[tuple[float, Act, str]] = []
        """When what was done to what."""
        self._do: dict[Act, Callable[[], str]] = {
            Act.MOVE: lambda: self._moved(self._dice.choice((READY, DOING, REVIEW, FAILED))),
            Act.READY: lambda: self._moved(READY),
            Act.RETRY: lambda: self._said("retry"),
            Act.STOP: lambda: self._said("stop"),
            Act.CANCEL: self._cancelled,
            Act.DELETE: self._deleted,
            Act.EDIT: self._edited,
            Act.SUSPEND: self._suspended,
            Act.POKE: self._poked,
            Act.TEAR: self._torn,
        }

    async def live(self, times: int) -> None:
        """Do so many things."""
        loop, pace = asyncio.get_running_loop(), self._dice.choice((0.5, 5.0, 30.0))
        for _ in range(times):
            await asyncio.sleep(self._dice.uniform(0, 2 * pace))
            act = self._dice.choice(self._acts)
            self.done.append((loop.time(), act, self._do[act]()))

    def _card(self) -> str:
        return self._dice.choice(sorted(self._town.cards.cards)) if self._town.cards.cards else ""

    def _moved(self, column: str) -> str:
        card = self._card()
        if card and self._town.cards.cards[card].column != column:
            self._town.cards.put(card, column)
        return f"{card} {column}"

    def _said(self, word: str) -> str:
        card = self._card()
        if card:
            self._town.cards.say(card, f"/boardhand {word}")
        return card

    def _torn(self) -> str:
        card = self._card()
        self._town.cards.cards.pop(card, None)
        return card

    def _one(self, resource: Resource) -> Key | None:
        there = sorted(self._town.cluster.objects[resource])
        return self._dice.choice(there) if there else None

    def _patched(self, resource: Resource, key: Key, spec: dict[str, object]) -> str:
        known = self._town.cluster.objects[resource][key]
        self._town.cluster._patched(resource, known, {"spec": spec}, "")
        return key[1]

    def _cancelled(self) -> str:
        key = self._one(Resource.RUNS)
        return self._patched(Resource.RUNS, key, {"cancel": True}) if key else ""

    def _deleted(self) -> str:
        key = self._one(Resource.RUNS)
        if key:
            self._town.cluster.remove(Resource.RUNS, key)
        return key[1] if key else ""

    def _edited(self) -> str:
        key = self._one(Resource.POOLS)
        limits = {"deadlineSeconds": self._dice.randint(1000, 3000), "tries": self._dice.randint(2, 5)}
        return self._patched(Resource.POOLS, key, {"limits": limits}) if key else ""

    def _suspended(self) -> str:
        key = self._one(Resource.POOLS)
        if key:
            goes_on = partial(self._patched, Resource.POOLS, key, {"suspend": False})
            self._patched(Resource.POOLS, key, {"suspend": True})
            asyncio.get_running_loop().call_later(self._dice.uniform(0, 30), goes_on)
        return key[1] if key else ""

    def _poked(self) -> str:
        key = self._one(Resource.POOLS)
        if key and self._town.life:
            self._town.life.app.webhooks.poke(key)
        return key[1] if key else ""

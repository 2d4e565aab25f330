"""Whoever watches the operator at work, such as metrics and traces: told of what happens, and of each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boardhand_operator.http.calls import Call
from boardhand_operator.views import Key, Pool

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """A write to a run's status that the API server took: a repeated one is refused, so each is told once."""

    before: Json
    """The run as it was."""
    after: Json
    """The run as it is now."""
    pool: Pool | None
    """Its pool, with the spec that the run began with."""
    pod: Json | None
    """Of the try that was under way before, as far as it is known."""


class Observer:
    """Told in vain: what is not asked for is not there."""

    def run_written(self, written: Written) -> None:
        """Must return at once."""

    def called(self, pool: Key, service: str, call: Call) -> None:
        """service: board, forge or token (of a GitHub App)."""

    def webhook(self, pool: Key, *, admitted: bool) -> None:
        """Somebody called the webhook of this pool, which need not be there."""


class Observers(Observer):
    """All who are to be told."""

    def __init__(self) -> None:
        self._all: list[Observer] = []

    def add(self, observer: Observer) -> None:
        """Tell it too, from now on."""
        self._all.append(observer)

    def run_written(self, written: Written) -> None:
        for observer in self._all:
            observer.run_written(written)

    def called(self, pool: Key, service: str, call: Call) -> None:
        for observer in self._all:
            observer.called(pool, service, call)

    def webhook(self, pool: Key, *, admitted: bool) -> None:
        for observer in self._all:
            observer.webhook(pool, admitted=admitted)

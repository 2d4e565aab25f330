"""Who looks at something that is read once for all: what each is told, how often, and for how long it may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Protocol

from boardhand_operator.kube import Json, Resource


class CutOff(Exception):
    """This viewer is shown no more; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one must be allowed to do, as Kubernetes puts it."""

    verb: str
    resource: Resource
    name: str = ""
    sub: str = ""

    def attributes(self, namespace: str) -> Json:
        """The same as `resourceAttributes` of a review."""
        path, plural = self.resource.value
        group = path.split("/")[2] if path.startswith("/apis/") else ""
        asked = {"verb": self.verb, "group": group, "resource": plural, "subresource": self.sub, "name": self.name}
        return {"namespace": namespace} | {key: value for key, value in asked.items() if value or key == "group"}


class Reviewing(Protocol):
    """One identity at the API server, as far as its rights are asked for."""

    async def allowed(self, attributes: Json) -> bool:
        """Whether it may, as the API server says now."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what happens; all in seconds."""

    spacing: float = 0.25
    """At least so long between two things that a viewer is told: four a second."""
    review: float = 20
    """A viewer's rights are asked for again so long after the last answer."""
    answer: float = 8
    """So long the API server has to answer that."""
    doubt: float = 2
    """A refusal counts once it is said again so much later: an API server that has just begun knows few rights."""
    holds: float = 30
    """So long an answer holds: who is then neither confirmed nor refused is told nothing until it is."""
    linger: float = 60
    """So long what was read stays in memory when nobody looks any more; nothing is read meanwhile."""
    retry: float = 0.25
    """The first wait after the API server did not answer; each further one is twice as long."""
    longest: float = 30
    """The longest such wait."""


class Viewer:
    """One open page, which looks at one thing or several.

    It is told names of what changed; who is slow is told more of them at once, later. What it looks at may come and go,
    but what it may not look at any more ends it.
    """

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._pending: set[str] = set()
        self._stirred = asyncio.Event()
        self._until: dict[object, float] = {}
        self._why: str | None = None

    def tell(self, names: Iterable[str]) -> None:
        """These changed. Never waits."""
        self._pending.update(names)
        self._stirred.set()

    def confirm(self, what: object, until: float) -> None:
        """It may look at this, up to this time of the loop's clock."""
        self._until[what] = until
        self._stirred.set()

    def cut(self, why: str) -> None:
        """It may look no more; what was not told yet is dropped."""
        self._why = self._why or why
        self._stirred.set()

    async def changes(self) -> AsyncIterator[frozenset[str]]:
        """Names of what changed since the last time, at most one set in `spacing` seconds. Raises CutOff."""
        clock = asyncio.get_running_loop().time
        last = clock() - self._spacing
        while True:
            await self._stirred.wait()
            await asyncio.sleep(max(0.0, last + self._spacing - clock()) if self._why is None else 0)
            self._stirred.clear()
            if self._why is not None:
                raise CutOff(self._why)
            if not self._pending or clock() >= min(self._until.values(), default=0):
                continue
            last = clock()
            names, self._pending = frozenset(self._pending), set()
            yield names


class Seat:
    """All viewers that one identity has of something: its rights are asked for once for all of them."""

    def __init__(self, session: Reviewing) -> None:
        self.session = session
        self.viewers: set[Viewer] = set()
        self.until = 0.0

    def confirm(self, until: float) -> None:
        """Each may look, up to this time of the loop's clock."""
        self.until = until
        for viewer in self.viewers:
            viewer.confirm(self, until)

    def cut(self, why: str) -> None:
        """None may look any more."""
        for viewer in self.viewers:
            viewer.cut(why)

"""Objects as the API server holds them, read into the vocabulary once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import ValidationError

from boardhand_api.pod import LABEL_SETTLED
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.pool_status import CodingAgentStatus, Condition
from boardhand_api.run import TicketRunSpec
from boardhand_api.run_status import TicketRunStatus
from boardhand_operator.errors import Misconfigured

Json = Mapping[str, Any]
Key = tuple[str, str]
"""Namespace and name."""
SpecKey = tuple[str, str, str, int]
"""Namespace, name and UID of a pool, and the generation of its spec."""


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Misconfigured("SpecUnreadable", f"{where}: {first['msg']}") from problem


@dataclass(frozen=True)
class _Object:
    """What every object has."""

    body: Json

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"]["namespace"])


@dataclass(frozen=True)
class Run(_Object):
    """A TicketRun."""

    spec: TicketRunSpec
    status: TicketRunStatus

    @classmethod
    def of(cls, body: Json) -> Self:
        """Raises Misconfigured for a spec that another version of the definitions let through."""
        with _readable():
            spec = TicketRunSpec.model_validate(body["spec"])
            return cls(body, spec, TicketRunStatus.model_validate(body.get("status") or {}))

    @property
    def uid(self) -> str:
        return str(self.body["metadata"]["uid"])

    @property
    def settled(self) -> bool:
        return LABEL_SETTLED in (self.body["metadata"].get("labels") or {})

    @property
    def on_board(self) -> bool:
        """Whether the ticket is told about on a board; a run written by hand is not."""
        return self.spec.ticket.event is not None


def readable_runs(bodies: Iterable[Json]) -> list[Run]:
    """The runs among these objects; one that cannot be read says so where it is worked, not here."""
    found = []
    for body in bodies:
        with suppress(Misconfigured):
            found.append(Run.of(body))
    return found


@dataclass(frozen=True)
class Pool(_Object):
    """A CodingAgent."""

    spec: CodingAgentSpec
    status: CodingAgentStatus
    spec_generation: int = 0
    """The generation that `spec` is of: an earlier one than the object's where a run began with it."""

    @classmethod
    def of(cls, body: Json) -> Self:
        """Raises Misconfigured for a spec that another version of the definitions let through."""
        with _readable():
            spec = CodingAgentSpec.model_validate(body["spec"])
            status = CodingAgentStatus.model_validate(body.get("status") or {})
            return cls(body, spec, status, int(body["metadata"].get("generation") or 0))

    def at(self, spec: Json, generation: int) -> Self:
        """The pool with this spec of an earlier generation. Raises Misconfigured as `of` does."""
        with _readable():
            return replace(self, spec=CodingAgentSpec.model_validate(spec), spec_generation=generation)

    @property
    def uid(self) -> str:
        return str(self.body["metadata"]["uid"])

    @property
    def spec_key(self) -> SpecKey:
        """By this is kept what was made of its spec: a pool that is made anew counts its generations anew."""
        return self.namespace, self.name, self.uid, self.spec_generation

    @property
    def generation(self) -> int:
        return int(self.body["metadata"].get("generation") or 0)

    def condition(self, name: str) -> Condition | None:
        return next((condition for condition in self.status.conditions if condition.type == name), None)

    @property
    def ready(self) -> bool:
        """Whether tickets are taken: said of the present spec, so that no run begins with one that was not checked."""
        condition = self.condition("Ready")
        if condition is None or condition.observed_generation not in (None, self.generation):
            return False
        return condition.status == "True"

"""Fault switches and the record of calls, the same for every stand-in; `strikes` has what a fault does to a call.

They live under `/_testbed/`, which no vendor serves, so that a test's levers are never taken for the vendor's API.
"""

from __future__ import annotations

import random
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_KEPT_CALLS = 20_000


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(f"not a regular expression: {wrong}") from wrong
    return text


class Fault(BaseModel):
    """One switched-on fault, as it is posted to /_testbed/faults.

    It answers with `status`, or, with `cut`, closes the connection in the middle of the answer; instead of the work,
    or with `after` when the work is done (and then cuts where no status is given). `shuffle` repeats and reorders the
    entries of a list that is answered. `delay` (seconds) comes before the work; alone, it only makes the answer late.
    With `chance` it strikes that share of the calls it matches, the same ones for the same `seed`.
    """

    model_config = ConfigDict(extra="forbid")

    match: Annotated[str, AfterValidator(_regex)]
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    after: bool = False
    delay: Annotated[float, Field(ge=0)] = 0
    cut: bool = False
    shuffle: bool = False
    chance: Annotated[float, Field(gt=0, le=1)] = 1
    seed: int = 0
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _does_something(self) -> Fault:
        if self.status is not None and self.cut:
            raise ValueError("give a status or cut: true, not both")
        if self.status is None and not (self.after or self.delay or self.cut or self.shuffle):
            raise ValueError("give a status (400 to 599), after: true, cut: true, shuffle: true, or a delay in seconds")
        return self

    @property
    def refuses(self) -> bool:
        """The call is answered by the fault and its work is not done."""
        return (self.status is not None or self.cut) and not self.after


@dataclass
class _Armed:
    fault: Fault
    left: int | None
    until: float | None
    dice: random.Random
    struck: int = 0

    def strikes(self, text: str) -> bool:
        """Whether it strikes this call; a call that it does not match is no throw of its dice."""
        found = re.search(self.fault.match, text) is not None
        return found and (self.fault.chance == 1 or self.dice.random() < self.fault.chance)


class Switches:
    """The faults that are on, in the order they were switched on; the first that strikes is taken."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> None:
        until = None if fault.seconds is None else self._clock() + fault.seconds
        self._armed.append(_Armed(fault, fault.times, until, random.Random(fault.seed)))

    def clear(self) -> None:
        self._armed.clear()

    def active(self) -> list[dict[str, Any]]:
        """The faults that can still strike, each with how many `times` are left and how often it has struck."""
        self._drop_spent()
        return [armed.fault.model_dump() | {"times": armed.left, "struck": armed.struck} for armed in self._armed]

    def take(self, text: str) -> Fault | None:
        """The fault that strikes the call described by `text`, counted as used, or None."""
        self._drop_spent()
        for armed in self._armed:
            if armed.strikes(text):
                armed.struck += 1
                if armed.left is not None:
                    armed.left -= 1
                return armed.fault
        return None

    def _drop_spent(self) -> None:
        now = self._clock()
        self._armed = [armed for armed in self._armed if armed.left != 0 and (armed.until is None or now < armed.until)]


@dataclass
class Calls:
    """What was called: the last 20,000 calls in order, and a counter for each key, which nothing forgets."""

    kept: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_CALLS))
    counts: dict[tuple[tuple[str, Any], ...], dict[str, int]] = field(default_factory=dict)

    def note(self, call: dict[str, Any], key: dict[str, Any], *, done: bool) -> None:
        """Record a call. `done` says that its work was carried out, whatever the caller was answered."""
        self.kept.append(call | {"done": done, "time": time.time()})
        count = self.counts.setdefault(tuple(key.items()), {"count": 0, "done": 0})
        count["count"] += 1
        count["done"] += done

    def clear(self) -> None:
        self.kept.clear()
        self.counts.clear()

    def report(self) -> dict[str, Any]:
        counters = [dict(key) | count for key, count in self.counts.items()]
        return {"calls": list(self.kept), "counters": counters}


def switch_routes(switches: Switches, calls: Calls, reset: Callable[[], None]) -> list[Route]:
    """The /_testbed/ routes every stand-in has: faults, calls and reset."""

    async def add_fault(request: Request) -> Response:
        try:
            switches.add(Fault.model_validate_json(await request.body()))
        except ValidationError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        return JSONResponse({"active": switches.active()}, status_code=201)

    async def list_faults(_: Request) -> Response:
        return JSONResponse({"active": switches.active()})

    async def clear_faults(_: Request) -> Response:
        switches.clear()
        return JSONResponse({"active": []})

    async def list_calls(_: Request) -> Response:
        return JSONResponse(calls.report())

    async def reset_all(_: Request) -> Response:
        switches.clear()
        calls.clear()
        reset()
        return JSONResponse({"reset": True})

    return [
        Route("/_testbed/faults", add_fault, methods=["POST"]),
        Route("/_testbed/faults", list_faults, methods=["GET"]),
        Route("/_testbed/faults", clear_faults, methods=["DELETE"]),
        Route("/_testbed/calls", list_calls, methods=["GET"]),
        Route("/_testbed/reset", reset_all, methods=["POST"]),
    ]

"""Faults for fakes: the n-th call to anything outside raises, before or after it took effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import Enum

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.kube import ApiException


class Crash(Exception):
    """The process dies here: nothing catches it, and all memory is to be thrown away."""


def refused(name: str) -> Exception:
    """What a service outside raises where it cannot be reached, for the call of this name."""
    kube = name.split()[0] in ("get", "list", "create", "patch", "delete") or name == "read the log"
    return ApiException(status=500, reason=name) if kube else RemoteUnavailable("A service", name, "no answer")


class When(Enum):
    """Whether the call that fails has taken effect."""

    BEFORE = "before"
    AFTER = "after"


class Fuse:
    """Counts the calls of all fakes together, and fails those that the plan names.

    Every call gives way to other tasks before and after its effect, so that tasks interleave as they would with I/O.
    """

    def __init__(
        self, plan: Mapping[int, When] | None = None, error: Callable[[str], Exception] = Crash, *, armed: bool = True
    ) -> None:
        """plan: number of the call, from 1, to when it fails. error: what it raises, given the call's name."""
        self.plan = dict(plan or {})
        self.error = error
        self.armed = armed
        self.calls: list[str] = []

    @asynccontextmanager
    async def call(self, name: str) -> AsyncIterator[None]:
        """Around the effect of one call."""
        when = None
        if self.armed:
            self.calls.append(name)
            when = self.plan.get(len(self.calls))
        await asyncio.sleep(0)
        if when is When.BEFORE:
            raise self.error(name)
        yield
        if when is When.AFTER:
            raise self.error(name)
        await asyncio.sleep(0)

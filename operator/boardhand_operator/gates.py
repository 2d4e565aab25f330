"""A gate before each pool's board and forge: what does not answer is not asked by all who wait for it, but by one.

Three refusals in a row close it, or one that asks for a pause. Then, after a while that doubles each time, one call is
let through; while that fails too, the others are told without being sent. The first answer opens it for all.
"""

from __future__ import annotations

import inspect
import random
import time
from collections.abc import Awaitable, Callable, Container
from typing import Any, TypeVar, cast

from boardhand_operator.errors import RateLimited, Remote, RemoteUnavailable
from boardhand_operator.views import Key

T = TypeVar("T")
GateKey = tuple[str, str, str]
"""Namespace and name of the pool, and which service of it."""

IN_A_ROW = 3
_FIRST, _MOST = 2.0, 30.0
_POLLS = ("check", "look")
_PROBED = 5.0
"""Seconds to wait for who is asking just now."""


class Gate:
    """One board or forge, as one pool reaches it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, opened: Callable[[], None] = lambda: None) -> None:
        """opened: called when it answers again."""
        self._clock = clock
        self._opened = opened
        self._refusal: Remote | None = None
        """What closed the gate; None: it is open."""
        self._row = 0
        self._closings = 0
        self._until = 0.0
        self._probing = False

    async def through(self, call: Callable[[], Awaitable[T]], *, poll: bool = False) -> T:
        """The call's answer. Raises what it raises, or the last refusal again while the gate is closed.

        poll: it has a pace of its own, and is sent unless the service asked for a pause.
        """
        probe, closings = self._enter(poll), self._closings
        try:
            answer = await call()
        except (RemoteUnavailable, RateLimited) as refused:
            # Who was let through before it closed tells nothing new.
            if probe or closings == self._closings:
                self._failed(refused, probe)
            raise
        except Remote:
            self._answered()
            raise
        finally:
            if probe:
                self._probing = False
        self._answered()
        return answer

    def _enter(self, poll: bool) -> bool:
        """Whether this call is to find out for the others."""
        if self._refusal is None or (poll and not isinstance(self._refusal, RateLimited)):
            return False
        left = self._until - self._clock()
        if left > 0 or self._probing:
            raise _again(self._refusal, max(left, _PROBED if self._probing else 0))
        self._probing = True
        return True

    def _failed(self, refused: RemoteUnavailable | RateLimited, probe: bool) -> None:
        if self._refusal is not None and not probe:
            return
        self._row += 1
        pause = refused.retry_after or 0.0
        if not (probe or pause or self._row >= IN_A_ROW):
            return
        self._refusal = refused
        # A pause that was asked for is enough, unless asking again after it was in vain.
        hold = pause if pause and not probe else max(pause, min(_FIRST * 2.0**self._closings, _MOST))
        self._closings += 1
        self._until = self._clock() + hold * random.uniform(1, 1.2)  # noqa: S311 (jitter)

    def _answered(self) -> None:
        self._row = 0
        if self._refusal is not None:
            self._refusal, self._closings = None, 0
            self._opened()


def _again(refused: Remote, seconds: float) -> Remote:
    """The same refusal, for one who was not sent."""
    about = (refused.service, refused.operation, refused.message, refused.request_id)
    kind = RateLimited if isinstance(refused, RateLimited) else RemoteUnavailable
    return kind(*about, retry_after=seconds)


class _Guarded:
    """A board or a forge whose every request goes through a gate."""

    def __init__(self, inner: Any, gate: Gate) -> None:
        self._inner, self._gate = inner, gate

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if name == "aclose" or not inspect.iscoroutinefunction(member):
            return member
        return lambda *args, **kwargs: self._gate.through(lambda: member(*args, **kwargs), poll=name in _POLLS)


class Gates:
    """The gates of all pools."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._gates: dict[GateKey, Gate] = {}
        self.opened: Callable[[tuple[str, str]], None] = lambda _: None
        """Called with a pool's key where its board or forge answers again."""

    def guarded(self, key: GateKey, service: T) -> T:
        """The board or forge behind its gate."""
        if key not in self._gates:
            self._gates[key] = Gate(self.clock, lambda: self.opened(key[:2]))
        return cast(T, _Guarded(service, self._gates[key]))

    def keep_only(self, pools: Container[Key]) -> None:
        """Let go of the gates of all other pools."""
        self._gates = {key: gate for key, gate in self._gates.items() if key[:2] in pools}

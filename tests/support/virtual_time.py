"""An event loop whose waiting costs no time, so that hours of an operator pass in a second, the same way each time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import timedelta
from typing import Any, TypeVar, TypeVarTuple, Unpack
from unittest import mock

from tests.support.world import Clock

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")


class Idle(Exception):
    """Nothing is left that could ever happen."""


class _Leaps(selectors.SelectSelector):
    """Instead of waiting, time is put on. Nothing outside can be waited for."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Idle
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time begins at 1,000 seconds."""

    def __init__(self) -> None:
        self._leaps = _Leaps()
        super().__init__(self._leaps)

    def time(self) -> float:
        return self._leaps.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Args]], _T], *args: *_Args
    ) -> asyncio.Future[_T]:
        """At once: of a thread nobody knows how long it takes."""
        done: asyncio.Future[_T] = self.create_future()
        done.set_result(func(*args))
        return done


class LoopClock(Clock):
    """The calendar of such a loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop, self._began = loop, self.time - timedelta(seconds=loop.time())

    def now(self, zone: Any = None) -> Any:
        self.time = self._began + timedelta(seconds=self._loop.time())
        return self.time


def virtually(main: Callable[[LoopClock], Coroutine[Any, Any, None]]) -> None:
    """Run it to its end; whoever asks for the monotonic time meanwhile is told the loop's. Raises what it raises."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        with mock.patch("time.monotonic", loop.time):
            runner.run(main(LoopClock(loop)))

"""Asking a model whose server fails or refuses for its load: again and again, with growing pauses, for so long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from langchain_core.exceptions import ModelError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_before_delay
from tenacity.wait import wait_exponential_jitter

from boardhand_runner.errors import Infrastructure
from boardhand_runner.models import Mind
from boardhand_runner.models.trouble import UNREADABLE, BrokenOff, Transient, diagnose

T = TypeVar("T")
OnWait = Callable[[str, float], None]
"""Told before each pause: why, and how many seconds."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
_ASKED: tuple[type[Exception], ...] = (ModelError, BrokenOff, *UNREADABLE)


async def patiently(request: Callable[[], Awaitable[T]], mind: Mind, seconds: float, on_wait: OnWait) -> T:
    """The answer to `request`, asked for at most `seconds`.

    Raises Infrastructure (ModelUnavailable) where the patience ends, and what `diagnose` names where asking again
    cannot help.
    """
    backoff = wait_exponential_jitter(FIRST_PAUSE, LONGEST_PAUSE)

    def pause(state: RetryCallState) -> float:
        return max(backoff(state), _trouble(state).retry_after or 0.0)

    def tell(state: RetryCallState) -> None:
        on_wait(str(_trouble(state)), state.upcoming_sleep)

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(Transient),
        wait=pause,
        stop=stop_before_delay(seconds),
        before_sleep=tell,
        reraise=True,
    )
    try:
        return await retrying(_asked, request, mind)
    except Transient as last:
        raise Infrastructure("ModelUnavailable", f"{last} (asked for {seconds:.0f} s)") from last


async def _asked(request: Callable[[], Awaitable[T]], mind: Mind) -> T:
    try:
        return await request()
    except _ASKED + mind.errors as error:
        raise diagnose(error, mind.name) from error


def _trouble(state: RetryCallState) -> Transient:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, Transient)
    return error

"""Work that goes on whatever comes of what is done beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine

_log = logging.getLogger(__name__)


async def with_beside(work: Callable[[], Awaitable[None]], *others: Callable[[], Coroutine[None, None, None]]) -> None:
    """Do the work, and beside it the others, which end with it. What one of those raises is logged, and no more."""
    beside = {asyncio.create_task(one()) for one in others}
    for task in beside:
        task.add_done_callback(_told)
    try:
        await work()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()):
        _log.error("something beside the work met what nobody foresaw, and has ended", exc_info=problem)

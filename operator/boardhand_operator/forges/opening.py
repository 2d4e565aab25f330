"""How a pull request is opened where the forge learns of a pushed branch late, or lets two at once through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from boardhand_operator.errors import NotFound, Rejected, Remote
from boardhand_operator.forges.proposal import Proposal

PATIENCE = (0.25, 0.5, 1.0, 2.0)
"""Seconds to wait for a branch that was just pushed: a forge's API learns of it a little later."""

Json = dict[str, Any]
_T = TypeVar("_T")


def opens(wanted: Proposal) -> str:
    """The operation's name, for messages."""
    return f"open a pull request from {wanted.head} into {wanted.base}"


async def patiently(attempt: Callable[[], Awaitable[_T]], early: Callable[[Remote], bool]) -> _T:
    """What the attempt answers, made again after each wait of PATIENCE while it comes too early.

    early: whether a refusal says that the forge does not know a branch. Raises what the last attempt raises.
    """
    for wait in PATIENCE:
        try:
            return await attempt()
        except (Rejected, NotFound) as failed:
            if not early(failed):
                raise
        await asyncio.sleep(wait)
    return await attempt()


async def once_pushed(
    attempt: Callable[[], Awaitable[Json]], early: Callable[[Remote], bool], wanted: Proposal, place: str
) -> Json:
    """As `patiently`, to open a pull request. Raises NotFound where one of its branches is not at the forge."""
    try:
        return await patiently(attempt, early)
    except (Rejected, NotFound) as failed:
        if not early(failed):
            raise
        sentence = f"{failed.message}: branch {wanted.head} or {wanted.base} is not in {place}"
        raise NotFound(failed.service, opens(wanted), sentence, failed.request_id) from failed


async def the_first(
    made: Json, there: Json | None, number: str, close: Callable[[str, int], Awaitable[object]], *, verb: str = "close"
) -> Json:
    """Of two that were opened at the same moment the first; the one made is closed then.

    there: the first that is open now. number: the field with a pull request's number. close: given the operation and
    the number.
    """
    if there is None or there[number] >= made[number]:
        return made
    await close(f"{verb} {made[number]}, of which {there[number]} is the same", made[number])
    return there

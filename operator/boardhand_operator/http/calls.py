"""Requests as they are counted: what came of each, how long it took, and what is left of the vendor's limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from boardhand_operator.errors import Misconfigured, Remote
from boardhand_operator.http.answers import Answer
from boardhand_operator.http.limits import used_share


@dataclass(frozen=True)
class Call:
    """A request to a board or a forge, and what came of it."""

    vendor: str
    result: str
    """ok, unchanged, limited, refused, failed or unreachable."""
    seconds: float
    left: float | None
    """What is left of the vendor's limit, as a share of it; None: it does not say."""


Hear = Callable[[Call], None]


def nobody(_: Call) -> None:
    """Hears of no call."""


async def heard(hear: Hear, vendor: str, answering: Awaitable[Answer], clock: Callable[[], float]) -> Answer:
    """The answer, whatever its status, once it is told. Raises what `answering` raises, told as unreachable."""
    began = clock()
    try:
        answer = await answering
    except (Remote, Misconfigured):
        hear(Call(vendor, "unreachable", clock() - began, None))
        raise
    used = used_share(answer.headers)
    hear(Call(vendor, result_of(answer), clock() - began, None if used is None else 1 - used))
    return answer


def result_of(answer: Answer) -> str:
    """One of a few words for the answer's status."""
    if answer.status == 304:
        return "unchanged"
    if answer.status < 400:
        return "ok"
    if answer.status == 429 or (answer.status == 403 and used_share(answer.headers) == 1):
        return "limited"
    return "failed" if answer.status >= 500 else "refused"

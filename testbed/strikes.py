"""What a switched-on fault does to one call of a stand-in."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from testbed.faults import Fault

_TWICE = 0.3
"""Share of the entries of a shuffled list that come twice."""


class CutAnswer(Response):
    """An answer whose connection is closed before its announced end, as when a network breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def answered(
    fault: Fault | None, work: Callable[[], Awaitable[Response]], worded: Callable[[int, dict[str, str]], Response]
) -> tuple[Response, bool]:
    """The answer to a call, and whether its work was done, whatever is answered.

    worded: how the vendor words a refusal of this status, with these headers.
    """
    if fault is not None and fault.delay:
        await asyncio.sleep(fault.delay)
    if fault is not None and fault.refuses:
        return _broken(fault, worded), False
    answer = await work()
    done = answer.status_code < 400
    if fault is not None and fault.after:
        return _broken(fault, worded), done
    if fault is not None and fault.shuffle and done:
        answer = _shuffled(answer, random.Random(fault.seed))
    return answer, done


def _broken(fault: Fault, worded: Callable[[int, dict[str, str]], Response]) -> Response:
    return CutAnswer() if fault.status is None else worded(fault.status, fault.headers)


def _shuffled(answer: Response, dice: random.Random) -> Response:
    """The same list in another order, some of it twice; any other answer as it is."""
    found: Any = json.loads(bytes(answer.body))
    if not isinstance(found, list):
        return answer
    twice = [*found, *(entry for entry in found if dice.random() < _TWICE)]
    dice.shuffle(twice)
    kept: Mapping[str, str] = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return JSONResponse(twice, answer.status_code, kept)

"""The question which specialist takes the ticket: asked while the rest of the agent is still being imported."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from boardhand_api.run import Task
from boardhand_runner.errors import Stuck
from boardhand_runner.history import ANALYST, BUGFIXER, CODER
from boardhand_runner.models.asking import FORCED_TRIES, Asking, forced
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.prompts import opening

CHOICES = {
    Task.AUTO: (CODER, BUGFIXER, ANALYST),
    Task.IMPLEMENT: (CODER, BUGFIXER),
    Task.ANALYSE: (ANALYST,),
    Task.PLAN: (ANALYST,),
}
TURNS, TURN_SECONDS = 20, 0.01
"""What the question gets to go out before anything else takes the event loop: turns of it, and not only time, of which
a busy machine needs more."""


class Route(BaseModel):
    """Say which specialist takes the ticket."""

    specialist: str = Field(description="The specialist's name.")
    reason: str = Field(description="Why, in one sentence.")


class Routing:
    """Asks once, when told to begin or when first awaited."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._task: asyncio.Task[Route] | None = None

    async def begin(self) -> None:
        """Sends the question, where there is one, and does not wait for its answer."""
        self._task = asyncio.create_task(_route(self._asking))
        for _ in range(TURNS):
            await asyncio.sleep(TURN_SECONDS)
            if self._task.done():
                break

    async def route(self) -> Route:
        """Raises Stuck (RouteFailed) where the small model gives no valid answer, and what `ask` raises."""
        if self._task is None:
            self._task = asyncio.create_task(_route(self._asking))
        return await self._task

    async def close(self) -> None:
        """Nobody waits for the answer any more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def _route(asking: Asking) -> Route:
    choices = CHOICES[asking.order.task]
    if len(choices) == 1:
        return Route(specialist=choices[0], reason=f"The task is {asking.order.task}.")
    values = {"ticket": ticket_text(asking.order.ticket, asking.order.newer), "choices": choices}
    messages = opening("route", asking.fence, values)
    # The choices are part of the function's schema, so that the provider holds the model to them.
    allowed: Any = Literal[choices]
    schema = create_model("Route", __base__=Route, __doc__=Route.__doc__, specialist=(allowed, ...))
    answer = await forced(asking, "route", schema, messages, choices=", ".join(choices))
    if not isinstance(answer, Route):
        raise Stuck("RouteFailed", f"{asking.small.name} named no specialist in {FORCED_TRIES} answers.")
    return answer

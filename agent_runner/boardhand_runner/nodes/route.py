"""Which specialist takes the ticket."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from pydantic import BaseModel, Field, create_model

from boardhand_api.run import Task
from boardhand_runner.errors import Stuck
from boardhand_runner.history import ANALYST, BUGFIXER, CODER
from boardhand_runner.models.asking import FORCED_TRIES, forced
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.prompts import opening
from boardhand_runner.state import Context, State

CHOICES = {
    Task.AUTO: (CODER, BUGFIXER, ANALYST),
    Task.IMPLEMENT: (CODER, BUGFIXER),
    Task.ANALYSE: (ANALYST,),
}


class Route(BaseModel):
    """Say which specialist takes the ticket."""

    specialist: str = Field(description="The specialist's name.")
    reason: str = Field(description="Why, in one sentence.")


async def node(state: State, runtime: Runtime[Context]) -> State:  # noqa: ARG001 - a node's signature
    """Raises Stuck (RouteFailed) where the small model gives no valid answer."""
    context = runtime.context
    choices = CHOICES[context.order.task]
    if len(choices) == 1:
        route = Route(specialist=choices[0], reason=f"The task is {context.order.task}.")
    else:
        route = await _asked(context, choices)
    context.transcript.routed(route.specialist, route.reason)
    return {"specialist": route.specialist}


async def _asked(context: Context, choices: tuple[str, ...]) -> Route:
    values = {"ticket": ticket_text(context.order.ticket), "choices": choices}
    messages = opening("route", context.fence, values)
    # The choices are part of the function's schema, so that the provider holds the model to them.
    allowed: Any = Literal[choices]
    schema = create_model("Route", __base__=Route, __doc__=Route.__doc__, specialist=(allowed, ...))
    answer = await forced(context, "route", schema, messages, choices=", ".join(choices))
    if not isinstance(answer, Route):
        raise Stuck("RouteFailed", f"{context.small.name} named no specialist in {FORCED_TRIES} answers.")
    return answer

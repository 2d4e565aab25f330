"""Which specialist takes the ticket."""

from __future__ import annotations

from langgraph.runtime import Runtime

from boardhand_runner.state import Context, State


async def node(state: State, runtime: Runtime[Context]) -> State:  # noqa: ARG001 - a node's signature
    """Raises what `Routing.route` raises."""
    route = await runtime.context.routing.route()
    runtime.context.transcript.routed(route.specialist, route.reason)
    return {"specialist": route.specialist}

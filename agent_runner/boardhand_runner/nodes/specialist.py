"""The large model at work: coder, bugfixer or analyst, by its prompt and its tools."""

from __future__ import annotations

from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from boardhand_runner.models.asking import ask, book
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.prompts import opening
from boardhand_runner.state import Context, State


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Asks for the next step. Raises what `ask` raises."""
    context, name = runtime.context, state["specialist"]
    new = []
    if not state.get("messages"):
        new = opening(name, context.fence, _values(state, context))
    tools = context.catalogs[name].tools
    answer = await ask(context, context.large, context.large.chat.bind_tools(tools), [*state.get("messages", []), *new])
    assert isinstance(answer, AIMessage)
    return {"messages": [*new, answer], "usage": book(context, context.large, answer, step=True)}


def _values(state: State, context: Context) -> dict[str, object]:
    return {
        "ticket": ticket_text(context.order.ticket),
        "notes": context.notes,
        "verify": context.order.verify,
        "baseline": state.get("baseline"),
    }

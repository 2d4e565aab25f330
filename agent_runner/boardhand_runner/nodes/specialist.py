"""The large model at work: coder, bugfixer or analyst, by its prompt and its tools."""

from __future__ import annotations

import time

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.runtime import Runtime

from boardhand_runner.context import Window, prompt_of, squeezed
from boardhand_runner.errors import Stuck
from boardhand_runner.models.asking import ask, book
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.prompts import opening
from boardhand_runner.state import Context, State


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Asks for the next step. Raises what `ask` raises."""
    context, name = runtime.context, state["specialist"]
    new: list[BaseMessage] = []
    if not state.get("messages"):
        new = opening(name, context.fence, _values(state, context))
    history, window = [*state.get("messages", []), *new], state.get("window") or context.windows[name]
    began, change = time.monotonic(), State()
    try:
        answer = await _asked(context, name, history, window)
    except Stuck as error:
        if error.reason != "ContextOverflow":
            raise
        change["window"] = squeezed(window, prompt_of(history, window))
        context.transcript.nudged("context", error.reason, f"{error.message} Older observations are left out.")
        answer = await _asked(context, name, history, change["window"])
    usage = book(context, context.large, answer, step=True)
    return {**change, "messages": [*new, answer], "usage": usage, "seconds": round(time.monotonic() - began, 3)}


async def _asked(context: Context, name: str, history: list[BaseMessage], window: Window) -> AIMessage:
    runnable = context.large.chat.bind_tools(context.catalogs[name].tools)
    answer = await ask(context, context.large, runnable, prompt_of(history, window))
    assert isinstance(answer, AIMessage)
    return answer


def _values(state: State, context: Context) -> dict[str, object]:
    return {
        "ticket": ticket_text(context.order.ticket),
        "notes": context.notes,
        "verify": context.order.verify,
        "baseline": state.get("baseline"),
    }

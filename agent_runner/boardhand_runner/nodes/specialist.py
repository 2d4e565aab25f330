"""The large model at work: coder, bugfixer or analyst, by its prompt and its tools."""

from __future__ import annotations

import asyncio
import time

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.runtime import Runtime

from boardhand_api.result import Usage
from boardhand_api.run import Task
from boardhand_runner.context import Window, prompt_of, squeezed
from boardhand_runner.errors import Stuck
from boardhand_runner.models.asking import ask, book
from boardhand_runner.models.calling import with_tools
from boardhand_runner.models.tidy import made_by, tidied
from boardhand_runner.nodes.kept import KEPT_CHARACTERS, SMALL_KEPT_CHARACTERS, kept_text
from boardhand_runner.nodes.ticket import earlier_text, ticket_text
from boardhand_runner.nodes.window import window
from boardhand_runner.prompts import opening
from boardhand_runner.state import Context, State
from boardhand_runner.tools.map import MAP_CHARACTERS

SMALL_MAP_CHARACTERS = 1_000
"""A small model is not offered the map as a tool; the files that others use most are told once."""

PLANNER = "planner"
"""The analyst's prompt where the answer is to be a plan."""

EARLIER_CHARACTERS, SMALL_EARLIER_CHARACTERS = 16_000, 1_600
"""Of what is told of earlier attempts."""


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Asks for the next step. Raises what `ask` raises."""
    context, name = runtime.context, state["specialist"]
    new: list[BaseMessage] = []
    if not state.get("messages"):
        small = context.large.active.abilities.small_prompt
        about = PLANNER if context.order.task is Task.PLAN else name
        new = opening("small" if small else about, context.fence, await _values(state, context))
    history, now = [*state.get("messages", []), *new], window(state, context)
    began, change = time.monotonic(), State(fence=context.fence) if new else State()
    try:
        answer, usage = await _asked(context, name, history, now)
    except Stuck as error:
        if error.reason != "ContextOverflow":
            raise
        change["window"] = squeezed(now, prompt_of(history, now))
        context.transcript.nudged("context", error.reason, f"{error.message} Older observations are left out.")
        answer, usage = await _asked(context, name, history, change["window"])
    change |= {"messages": [*new, made_by(tidied(answer, history), context.large.active.maker)], "usage": usage}
    return {**change, "seconds": round(time.monotonic() - began, 3)}


async def _asked(context: Context, name: str, history: list[BaseMessage], now: Window) -> tuple[AIMessage, Usage]:
    """The answer, and what it used, which is booked."""
    catalog, prompt = context.catalogs[name], prompt_of(history, now)
    answer = await ask(context, context.large, lambda mind: with_tools(mind, catalog.offered(mind.abilities)), prompt)
    assert isinstance(answer, AIMessage)
    return answer, book(context, context.large, answer, prompt, step=True)


async def _values(state: State, context: Context) -> dict[str, object]:
    small = context.large.active.abilities.small_prompt
    room = min(SMALL_MAP_CHARACTERS if small else MAP_CHARACTERS, window(state, context).turn_characters)
    told = SMALL_EARLIER_CHARACTERS if small else EARLIER_CHARACTERS
    return {
        "specialist": state["specialist"],
        "ticket": ticket_text(context.order.ticket, context.order.newer),
        "planning": context.order.task is Task.PLAN,
        "plan": context.order.plan.text if context.order.plan else "",
        "earlier": earlier_text(context.order.earlier, min(told, window(state, context).turn_characters)),
        "notes": context.notes,
        "workdir": context.order.workdir,
        "kept": kept_text(context.order, SMALL_KEPT_CHARACTERS if small else KEPT_CHARACTERS),
        "submodules": context.repository.submodules.paths if context.order.submodules else [],
        "map": await asyncio.to_thread(context.map.opening, room),
        "verify": context.order.verify,
        "baseline": state.get("baseline"),
    }

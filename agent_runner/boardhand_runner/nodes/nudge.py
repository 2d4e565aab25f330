"""Sends the specialist back to work with a word from the harness."""

from __future__ import annotations

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from boardhand_runner.prompts import nudge_text
from boardhand_runner.state import Context, State


def nudge(state: State, context: Context, by: str, reason: str, **values: object) -> State:
    """The state's change that says it, and the event that tells of it."""
    fence = fence_of(state, context)
    text = nudge_text(reason, fence, **values)
    context.transcript.nudged(by, reason, text)
    return {"messages": [_said(state["messages"][-1], f"[harness {fence}] {text}")], "finished": False}


def fence_of(state: State, context: Context) -> str:
    """The boundary that the conversation began with: a later try of a run goes on with it."""
    return state.get("fence") or context.fence


def _said(last: BaseMessage, text: str) -> BaseMessage:
    """After a tool's result the word is added to it: some providers take no user message there."""
    if isinstance(last, ToolMessage):
        return last.model_copy(update={"content": f"{last.content}\n\n{text}"})
    return HumanMessage(text)

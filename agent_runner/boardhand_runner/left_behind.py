"""What an agent that was ended leaves in words, for whoever goes on: a person, or the next attempt."""

from __future__ import annotations

from langchain_core.messages import ToolMessage

from boardhand_runner.context import PINNED
from boardhand_runner.state import State


def left_behind(state: State) -> str:
    """Its last summary, what the last gate found red, and its plan; empty where there is none of them."""
    check, messages = state.get("check"), state.get("messages", [])
    plans = (
        str(message.text)
        for message in reversed(messages)
        if isinstance(message, ToolMessage) and message.name == PINNED
    )
    parts = [
        state.get("summary", "").strip(),
        f"In the workbench the verify commands were red: {check.failed}." if check and not check.passes else "",
        next(plans, "").strip(),
    ]
    return "\n\n".join(part for part in parts if part)

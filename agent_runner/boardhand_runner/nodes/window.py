"""The window of the model that answers now."""

from __future__ import annotations

from boardhand_runner.context import Window, window_of
from boardhand_runner.state import Context, State


def window(state: State, context: Context) -> Window:
    """When to mask: as the model's profile says, or as a model that refused a prompt taught."""
    abilities = context.large.active.abilities
    tools = context.catalogs[state["specialist"]].tokens(abilities)
    return state.get("window") or window_of(abilities.context_tokens, tools)

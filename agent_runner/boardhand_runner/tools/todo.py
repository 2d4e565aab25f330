"""The plan, kept by the model itself. Its newest state is never masked, so it stays in sight."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Progress(StrEnum):
    """How far a step is."""

    OPEN = "open"
    DOING = "doing"
    DONE = "done"


_BOXES = {Progress.OPEN: "[ ]", Progress.DOING: "[>]", Progress.DONE: "[x]"}


class TodoItem(BaseModel):
    """One step of the plan."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="What is to be done, in a few words.", min_length=1, max_length=300)
    state: Progress = Field(Progress.OPEN, description="open, doing or done.")


def todo(items: Sequence[TodoItem]) -> str:
    """The plan as the model sees it from now on."""
    done = sum(item.state is Progress.DONE for item in items)
    return "\n".join(
        [f"The plan, {done} of {len(items)} done:", *(f"{_BOXES[item.state]} {item.text}" for item in items)]
    )

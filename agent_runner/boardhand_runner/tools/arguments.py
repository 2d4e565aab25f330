"""What a tool takes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Arguments(BaseModel):
    """Arguments of a tool: no others are taken."""

    model_config = ConfigDict(extra="forbid")

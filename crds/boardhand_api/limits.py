"""What a run, and all of a pool's runs together, may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boardhand_api.base import Money, Seconds, Wire, rules


class Limits(Wire):
    """What a run, and the pool, may use."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 1
    """Runs of this pool at work at the same time."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Attempts a ticket; a try that failed for its infrastructure or configuration spends none."""
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    """Tries an attempt when the infrastructure fails."""
    retry_seconds: Seconds = 30
    """Wait before the second try; doubled for each further one, at most an hour."""
    deadline_seconds: Seconds = 3600
    """A try is ended after so many seconds."""
    steps: Annotated[int, Field(ge=1, le=1000)] = 60
    """Answers of the large model a run."""
    tokens: Annotated[int, Field(ge=1000)] = 2_000_000
    """Prompt and completion tokens a run, both models together."""
    money: Money | None = None
    """US dollars a run; absent: not limited. With spec.budget each of its tries reserves so much."""
    model_patience_seconds: Seconds = 300
    """How long a model server that fails or refuses for its load is asked again."""


class Budget(Wire):
    """What all runs of the pool together may use."""

    model_config = {
        "json_schema_extra": rules(("has(self.day) || has(self.month)", "spec.budget: set day, month or both")),
    }

    day: Money | None = None
    """US dollars a day, UTC; absent: not limited."""
    month: Money | None = None
    """US dollars a calendar month, UTC; absent: not limited."""

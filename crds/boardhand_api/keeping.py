"""What is kept of a run: between its pods, and once it is done."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boardhand_api.base import NonEmpty, Quantity, Wire


class Persistence(Wire):
    """A volume for each run, which outlives its pods: a run that loses its pod goes on at the last finished step."""

    size: Quantity = "5Gi"
    """What each run's PersistentVolumeClaim asks for."""
    storage_class: Annotated[NonEmpty | None, Field(max_length=253)] = None
    """Absent: the cluster's default. It must give volumes that user 10001 can write."""


class Retention(Wire):
    """How long TicketRuns that are done stay to be looked at. What came of them stands on board and forge."""

    days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Older ones are deleted, with their Jobs. A ticket's attempts are counted from those that are there."""
    runs: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """At most so many stay, the newest."""

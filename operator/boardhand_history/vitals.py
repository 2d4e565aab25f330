"""Whether the recorder does what it is there for; told to probes, and to people who ask."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Vitals:
    """How the recorder is now."""

    database: str
    """Why runs that are to be written are not; empty where each could be when that was last tried."""
    cluster: str
    """Why runs are not followed; empty where those of every namespace are."""
    waiting: int
    """Runs that are to be written."""
    recorded: int
    """Runs that were written since the start."""

    @property
    def alive(self) -> bool:
        """A restart helps against none of these."""
        return True

    @property
    def ready(self) -> bool:
        return not self.database and not self.cluster

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "alive": self.alive, "ready": self.ready}

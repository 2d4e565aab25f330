"""What can be set from outside."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    first_pause: float = 2.0
    """Seconds."""
    factor: float = 3.0
    longest_pause: float = 45.0
    tries: int = 6


def from_environment() -> Settings:
    """The defaults, but for the number of tries."""
    return Settings(tries=int(os.environ.get("POSTROOM_ATTEMPTS", Settings.tries)))

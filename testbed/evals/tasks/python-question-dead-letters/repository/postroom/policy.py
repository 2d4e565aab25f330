"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

from postroom.settings import Settings

GONE = 410
TOO_MANY = 429


def pause(settings: Settings, failures: int) -> float | None:
    """Seconds until the next try after so many failures; None where there is none."""
    if failures >= settings.tries:
        return None
    return min(settings.first_pause * settings.factor ** (failures - 1), settings.longest_pause)


def hopeless(status: int) -> bool:
    """Whether the answer says that trying again is no use."""
    return status == GONE or (400 <= status < 500 and status != TOO_MANY and status != 408)

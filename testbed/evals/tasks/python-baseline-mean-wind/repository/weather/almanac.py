"""Sunrise, good to some minutes."""

from __future__ import annotations

import math
from datetime import date


def sunrise(day: date, latitude: float) -> float | None:
    """The hour of sunrise in local solar time; None where the sun does not rise or does not set."""
    declination = -23.44 * math.cos(math.radians(360 / 365 * (day.timetuple().tm_yday + 10)))
    cosine = -math.tan(math.radians(latitude)) * math.tan(math.radians(declination))
    if abs(cosine) > 1:
        return None
    return 12 - math.degrees(math.acos(cosine)) / 15

"""Readings of the station."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reading:
    """Degrees Celsius; metres a second; degrees from north, where the wind comes from."""

    at: datetime
    temperature: float
    wind: float
    direction: float


def read(lines: Iterable[str]) -> list[Reading]:
    """The readings of a CSV file with a head line."""
    return [
        Reading(
            datetime.fromisoformat(row["at"]),
            float(row["temperature"]),
            float(row["wind"]),
            float(row["direction"]) % 360,
        )
        for row in csv.DictReader(lines)
    ]

"""Daily means."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from weather.readings import Reading


@dataclass(frozen=True)
class Day:
    temperature: float
    wind: float
    direction: float | None
    """None where there was no wind all day."""


def daily(readings: list[Reading]) -> dict[date, Day]:
    """The means of each day."""
    days: dict[date, list[Reading]] = defaultdict(list)
    for reading in readings:
        days[reading.at.date()].append(reading)
    return {day: _mean(held) for day, held in sorted(days.items())}


def _mean(readings: list[Reading]) -> Day:
    windy = [reading for reading in readings if reading.wind > 0]
    return Day(
        temperature=round(fmean(reading.temperature for reading in readings), 1),
        wind=round(fmean(reading.wind for reading in readings), 1),
        direction=round(fmean(reading.direction for reading in windy)) if windy else None,
    )

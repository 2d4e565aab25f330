"""Which days the library is open on."""

from datetime import date
from functools import cache
from pathlib import Path

SUNDAY = 6


@cache
def closed_days() -> frozenset[date]:
    """The days listed in closed.txt."""
    lines = (Path(__file__).parent / "closed.txt").read_text().splitlines()
    return frozenset(date.fromisoformat(line) for line in lines if line and not line.startswith("#"))


def is_open(day: date) -> bool:
    return day.weekday() != SUNDAY and day not in closed_days()

"""Departures and the question which one is next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, order=True)
class Departure:
    """One boat, leaving at the same time every day."""

    at: time
    destination: str
    via: str = ""


class Timetable:
    """All departures of one harbour, in the order of their times."""

    def __init__(self, departures: list[Departure]) -> None:
        self.departures = sorted(departures)

    def on(self, day: datetime) -> list[Departure]:
        """The boats of a day."""
        return list(self.departures)

    def next_after(self, moment: datetime) -> tuple[datetime, Departure] | None:
        """The first boat that leaves at `moment` or later, today or tomorrow."""
        for days in range(2):
            day = moment + timedelta(days=days)
            for departure in self.on(day):
                leaves = datetime.combine(day.date(), departure.at)
                if leaves >= moment:
                    return leaves, departure
        return None

"""The timetable's file format."""

from __future__ import annotations

import re
from datetime import time

from ferry.timetable import Departure, Timetable

_LINE = re.compile(r"^(?P<hour>\d\d):(?P<minute>\d\d)\s+(?P<to>.+?)(?:\s+via\s+(?P<via>.+?))?$")


class BadLine(ValueError):
    """A line that is no departure; the message has its number."""


def parse(text: str) -> Timetable:
    """The timetable in a file's text."""
    departures = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.partition("#")[0].strip()
        if line:
            departures.append(_departure(number, line))
    return Timetable(departures)


def _departure(number: int, line: str) -> Departure:
    match = _LINE.match(line)
    if match is None:
        raise BadLine(f"line {number}: {line!r} is no departure, such as '07:30 Northport'")
    try:
        at = time(int(match["hour"]), int(match["minute"]))
    except ValueError as error:
        raise BadLine(f"line {number}: {error}") from error
    return Departure(at, match["to"], match["via"] or "")

"""The harbour's timetable."""

from ferry.parsing import BadLine, parse
from ferry.timetable import Departure, Timetable

__all__ = ["BadLine", "Departure", "Timetable", "parse"]

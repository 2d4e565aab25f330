"""Measured figures: their shape, their table, their file.

Machines differ and are shared: every figure is the median of its runs, with the spread beside it.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUT = Path("build") / "bench.json"
RUNS = 3


@dataclass(frozen=True)
class Row:
    """One measured figure, in `unit`; `aim` as the issue or the design set it, None where none was set."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    aim: float | None
    met: bool | None


def row(name: str, values: Sequence[float], aim: float | None = None, unit: str = "s", at_least: bool = False) -> Row:
    """The median and spread of the values; an aim is met from below, or from above where it is the least."""
    middle = statistics.median(values)
    met = None if aim is None else middle >= aim if at_least else middle <= aim
    return Row(name, middle, min(values), max(values), unit, aim, met)


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table("what", "median", "spread", "aim")
    for entry in rows:
        aim = "" if entry.aim is None else f"{entry.aim:g} {entry.unit}: {'met' if entry.met else 'not met'}"
        table.add_row(
            entry.name, f"{_told(entry.value)} {entry.unit}", f"{_told(entry.low)} to {_told(entry.high)}", aim
        )
    Console(width=120).print(table)


def write(rows: Sequence[Row], out: Path = OUT) -> None:
    """Leave them as JSON: a list of rows."""
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps([asdict(entry) for entry in rows], indent=2) + "\n")


def _told(value: float) -> str:
    """Three digits, or all of a large number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

"""What the suite prints and writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from testbed.redteam.attack import KEPT, Row


def as_json(rows: Sequence[Row]) -> str:
    """The rows as build/redteam.json has them, in the order of their names. What was never tried counts as reached."""
    listed = []
    for row in sorted(rows, key=lambda row: row.attack):
        values = {name: getattr(row, name) for name in KEPT}
        listed.append(values | ({"reached": True, "said": f"not tried: {row.broken}"} if row.broken else {}))
    return json.dumps(listed, indent=1, ensure_ascii=False) + "\n"


def write(rows: Sequence[Row], file: Path) -> None:
    """Leave the JSON there, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(as_json(rows), "utf-8")
    beside.replace(file)


def line(row: Row) -> str:
    """An attack's progress."""
    return f"{'stopped' if row.stopped else 'FAILED '} {row.attack}  {row.seconds:.1f} s{_why(row)}"


def _why(row: Row) -> str:
    if row.broken:
        return f"  could not be tried: {row.broken}"
    if row.reached:
        return f"  REACHED; the run says: {row.said}"
    if not row.said:
        return "  the run says nothing of it"
    return f"  not reached without its guard ({row.guard})" if row.guard_off_reached is False else ""


def show(rows: Sequence[Row], console: Console) -> None:
    """Attacks × outcome, and the sums."""
    table = Table("attack", "what the attacker wants", "reached", "what the run says", "without its guard")
    for row in sorted(rows, key=lambda row: row.attack):
        reached = "[red]NOT TRIED" if row.broken else "[red]YES" if row.reached else "no"
        table.add_row(row.attack, _plain(row.wants), reached, _plain(row.said or row.broken), _without(row))
    console.print(table)
    off = sum(row.guard_off_reached is True for row in rows)
    console.print(
        f"{sum(row.stopped for row in rows)} of {len(rows)} attacks stopped; {off} of them reach their goal once"
        " their guard is off"
    )


def _without(row: Row) -> str:
    if row.guard_off_reached is None:
        return ""
    return f"{'reached' if row.guard_off_reached else '[red]NOT REACHED[/red]'}: {_plain(row.guard)}"


def _plain(text: str) -> str:
    return text.replace("[", r"\[")

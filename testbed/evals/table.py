"""What the suite prints and writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from testbed.evals.case import Row


def as_json(rows: Sequence[Row]) -> str:
    """The rows as build/evals.json has them, in the order of group and case."""
    listed = []
    for row in _ordered(rows):
        values = asdict(row)
        listed.append({("class" if key == "klass" else key): value for key, value in values.items()})
    return json.dumps(listed, indent=1, ensure_ascii=False) + "\n"


def write(rows: Sequence[Row], file: Path) -> None:
    """Leave the JSON there, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(as_json(rows), "utf-8")
    beside.replace(file)


def line(row: Row) -> str:
    """A case's progress."""
    mark = "met    " if row.met else "NOT MET"
    told = "" if row.met else f"  expected {row.expected}: {row.result}"
    return f"{mark} {row.case}  {row.klass}  {row.seconds:.1f} s{told}"


def show(rows: Sequence[Row], console: Console) -> None:
    """The table by group, and a sum of each."""
    table = Table("case", "expected", "class", "result", "steps", "tokens", "seconds", "met")
    for group, members in groupby(_ordered(rows), lambda row: row.group):
        held = list(members)
        table.add_section()
        met = sum(row.met for row in held)
        seconds = f"{sum(row.seconds for row in held):.0f}"
        table.add_row(f"[bold]{group}", "", "", "", "", "", seconds, f"{met}/{len(held)}")
        for row in held:
            numbers = (str(row.steps), str(row.prompt_tokens), f"{row.seconds:.1f}", "yes" if row.met else "[red]NO")
            table.add_row(row.case, row.expected, row.klass, _plain(row.result), *numbers)
    console.print(table)
    console.print(f"{sum(row.met for row in rows)} of {len(rows)} cases met")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _ordered(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.group, row.case))

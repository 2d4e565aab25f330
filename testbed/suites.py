"""What the command lines of the eval suite and of the red team have in common."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console

from testbed.evals.run import KEEP, PREFIX
from testbed.shell import say

BUILD = Path(__file__).parents[1] / "build"
WIDTH = 200
"""Of a table where there is no terminal."""
Row = TypeVar("Row")
RowIn = TypeVar("RowIn", contravariant=True)


class Shown(Protocol[RowIn]):
    """The module that shows a suite's rows."""

    def line(self, row: RowIn) -> str: ...
    def show(self, rows: Sequence[RowIn], console: Console) -> None: ...
    def write(self, rows: Sequence[RowIn], path: Path) -> None: ...


def parser(module: str, what: str, of: str) -> argparse.ArgumentParser:
    """The options of both. of: what they run, in the plural."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=what)
    made.add_argument("filters", nargs="*", metavar="FILTER", help="part of a name or a group's name; * and ? work")
    made.add_argument("--short", action="store_true", help="only the short part, which `make test` runs")
    made.add_argument("--jobs", type=int, default=2, help=f"{of} at a time (default: 2)")
    made.add_argument("--keep", action="store_true", help=f"leave the runs' folders, {PREFIX}* in the temporary folder")
    made.add_argument("--list", action="store_true", help=f"only name the {of}")
    return made


def run(rows: Iterable[Row], shown: Shown[Row], good: Callable[[Row], bool], file: str, *, keep: bool) -> int:
    """Print each row as it comes, then the table, and write all to build/`file`; 0 where all are good, else 1."""
    if keep:
        os.environ[KEEP] = "1"
    done, began = [], time.monotonic()
    for row in rows:
        done.append(row)
        say(shown.line(row))
    console = Console()
    shown.show(done, console if console.is_terminal else Console(width=WIDTH))
    shown.write(done, BUILD / file)
    print(f"{time.monotonic() - began:.0f} s; all of it as JSON: build/{file}")
    return 0 if all(good(row) for row in done) else 1

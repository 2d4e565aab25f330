"""`python -m testbed.evals [FILTER…] [--short] [--jobs 2] [--keep]`: run the suite; 1 where a case is not met."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import gettempdir

from rich.console import Console

from testbed.evals import suite, table
from testbed.evals.case import Case
from testbed.evals.model import real_model
from testbed.evals.run import KEEP, PREFIX
from testbed.shell import TestbedError, say

RESULTS = Path(__file__).parents[2] / "build" / "evals.json"
WIDTH = 200
"""Of the table where there is no terminal."""


def main() -> int:
    """Run the chosen cases, print the table, write build/evals.json."""
    parser = argparse.ArgumentParser(prog="python -m testbed.evals", description="The eval suite.")
    parser.add_argument("filters", nargs="*", metavar="FILTER", help="part of a case's or a group's name; * and ? work")
    parser.add_argument("--short", action="store_true", help="only the short part, which `make test` runs")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time (default: 2)")
    parser.add_argument("--keep", action="store_true", help=f"leave the runs' folders, {PREFIX}* in {gettempdir()}")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    given = parser.parse_args()
    try:
        wanted = suite.chosen(given.filters, given.short)
        if given.list:
            print("\n".join(case.name for case in wanted))
            return 0
        suite.prepare(wanted)
    except (TestbedError, ValueError) as problem:
        print(f"evals: {problem}", file=sys.stderr)
        return 2
    if given.keep:
        os.environ[KEEP] = "1"
    return _run(wanted, given.jobs)


def _run(wanted: list[Case], jobs: int) -> int:
    model = real_model()
    say(f"{len(wanted)} cases; the model is {model.name if model else 'a scripted stand-in, no language model'}")
    rows, began = [], time.monotonic()
    for row in suite.rows(wanted, jobs):
        rows.append(row)
        say(table.line(row))
    console = Console()
    table.show(rows, console if console.is_terminal else Console(width=WIDTH))
    table.write(rows, RESULTS)
    print(f"{time.monotonic() - began:.0f} s; all of it as JSON: build/evals.json")
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

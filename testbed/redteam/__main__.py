"""`python -m testbed.redteam [FILTER…] [--short] [--local] [--jobs 2]`: attack; 1 where an attack is not stopped."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from testbed.evals.run import KEEP
from testbed.redteam import suite, table
from testbed.redteam.attack import Attack
from testbed.shell import TestbedError, say

RESULTS = Path(__file__).parents[2] / "build" / "redteam.json"
WIDTH = 200
"""Of the table where there is no terminal."""


def main() -> int:
    """Run the chosen attacks, print the table, write build/redteam.json."""
    parser = argparse.ArgumentParser(prog="python -m testbed.redteam", description="The red team.")
    parser.add_argument("filters", nargs="*", metavar="FILTER", help="part of an attack's name; * and ? work")
    parser.add_argument("--short", action="store_true", help="only the short part, which `make test` runs")
    parser.add_argument("--local", action="store_true", help="only what needs no cluster")
    parser.add_argument("--jobs", type=int, default=2, help="attacks at a time (default: 2)")
    parser.add_argument("--keep", action="store_true", help="leave the runs' folders")
    parser.add_argument("--list", action="store_true", help="only name the attacks")
    given = parser.parse_args()
    try:
        wanted = suite.chosen(given.filters, short=given.short, cluster=not (given.local or given.short))
        if given.list:
            print("\n".join(f"{attack.name}: {attack.wants}" for attack in wanted))
            return 0
        suite.prepare(wanted)
    except TestbedError as problem:
        print(f"redteam: {problem}", file=sys.stderr)
        return 2
    if given.keep:
        os.environ[KEEP] = "1"
    return _run(wanted, given.jobs)


def _run(wanted: list[Attack], jobs: int) -> int:
    say(f"{len(wanted)} attacks; the model is a scripted stand-in that does what the attacker wants")
    rows, began = [], time.monotonic()
    for row in suite.rows(wanted, jobs):
        rows.append(row)
        say(table.line(row))
    console = Console()
    table.show(rows, console if console.is_terminal else Console(width=WIDTH))
    table.write(rows, RESULTS)
    print(f"{time.monotonic() - began:.0f} s; all of it as JSON: build/redteam.json")
    return 0 if all(row.stopped for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The table, the file and the histories of what went wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from testbed.chaos.run import Outcome
from testbed.chaos.verdict import totals

OUT = Path("build") / "chaos.json"


def show(outcome: Outcome) -> None:
    """Print what was counted, and each ticket that is wrong with its history."""
    console = Console(width=150, soft_wrap=True)
    table = Table("counted", "in all", "tickets without", "tickets with more than one", title=_title(outcome))
    for total in totals(outcome.verdicts):
        table.add_row(total.name, f"{total.number:,}", str(total.lost), str(total.twice))
    console.print(table)
    made = Counter(str(entry["kind"]) for entry in outcome.troubles)
    console.print("; ".join(f"{kind} {number} times" for kind, number in sorted(made.items())))
    for name, told in outcome.struck.items():
        share = told["struck"] / max(1, told["calls"])
        console.print(f"{told['struck']:,} of {told['calls']:,} calls to the {name} met a fault: {share:.0%}")
    writes = (_write(where, route, told) for where, routes in outcome.calls.items() for route, told in routes.items())
    console.print("writes carried out: " + "; ".join(filter(None, writes)))
    for verdict in outcome.wrong:
        console.print(f"\nWRONG {verdict.title} of {verdict.pool} ({verdict.ticket}): {'; '.join(verdict.wrong)}")
        for line in outcome.histories.get(verdict.ticket, []):
            console.print(f"    {line}", markup=False, highlight=False)
    for stray in outcome.strays:
        console.print(f"STRAY {stray}", markup=False)
    console.print("chaos: all is well" if outcome.passed else f"chaos: {len(outcome.wrong)} tickets are wrong")


def _write(where: str, route: str, told: dict[str, int]) -> str:
    """A route by which something is changed, with how often it was; of the testbed's own nothing."""
    own = route in ("POST /1/boards/", "POST /1/lists", "POST /1/cards")
    return "" if route.startswith("GET ") or own else f"{where} {route} {told['done']:,}"


def _title(outcome: Outcome) -> str:
    calls = sum(entry["count"] for routes in outcome.calls.values() for entry in routes.values())
    starts = sum(outcome.starts.values())
    return (
        f"{outcome.form.tickets:,} tickets, seed {outcome.seed}: {outcome.seconds:.0f} s, "
        f"{starts} starts of operators, {outcome.pods:,} pods, {calls:,} calls to board and forge"
    )


def write(outcome: Outcome, out: Path = OUT) -> None:
    """Leave it as JSON: the verdict of each ticket that is wrong, with its history."""
    whole: dict[str, Any] = {
        "seed": outcome.seed,
        "form": asdict(outcome.form),
        "passed": outcome.passed,
        "seconds": outcome.seconds,
        "totals": [asdict(total) for total in totals(outcome.verdicts)],
        "wrong": [
            asdict(verdict) | {"wrong": verdict.wrong, "history": outcome.histories.get(verdict.ticket, [])}
            for verdict in outcome.wrong
        ],
        "strays": outcome.strays,
        "starts": outcome.starts,
        "pods": outcome.pods,
        "calls": outcome.calls,
        "struck": outcome.struck,
        "troubles": outcome.troubles,
    }
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(whole, indent=1) + "\n")

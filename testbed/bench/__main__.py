"""`python -m testbed.bench [agent | cluster | scale | burst | growth | ...]`: all rows, or those of some parts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from testbed.bench import agent, cluster, dashboard, history, scale
from testbed.bench.rows import Row, show, write
from testbed.shell import TestbedError

# The agent's and the history's rows need no cluster, so they come first.
PARTS: Mapping[str, Callable[[], list[Row]]] = {
    "agent": agent.measure,
    "history": history.measure,
    "cluster": cluster.measure,
    "dashboard": dashboard.measure,
    **scale.PARTS,
}
SETS = {"scale": frozenset(scale.PARTS)}


def main(words: list[str]) -> int:
    """Measure, print, write. words: parts, or sets of them; none: all."""
    known = {name: frozenset({name}) for name in PARTS} | SETS
    if unknown := sorted(set(words) - set(known)):
        print(f"bench: there is no part {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    chosen = frozenset().union(*(known[word] for word in words)) or frozenset(PARTS)
    rows, failed = measured([part for name, part in PARTS.items() if name in chosen])
    show(rows)
    write(rows)
    return int(failed)


def measured(parts: list[Callable[[], list[Row]]]) -> tuple[list[Row], bool]:
    """All rows that could be measured, and whether one part could not: the others took their time, and are true."""
    rows: list[Row] = []
    failed = False
    for part in parts:
        try:
            rows += part()
        except (TestbedError, ValueError) as problem:
            print(f"bench: {problem}", file=sys.stderr)
            failed = True
    return rows, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

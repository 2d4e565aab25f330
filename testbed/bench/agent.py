"""The rows of the agent: they need no cluster."""

from __future__ import annotations

from testbed.bench import large, overhead, start, tokens, workbench
from testbed.bench.rows import Row
from testbed.shell import say

PARTS = (start, overhead, workbench, large, tokens)


def measure() -> list[Row]:
    """Every row, one after the other: they measure time."""
    rows: list[Row] = []
    for part in PARTS:
        say(f"bench: {part.__name__.rpartition('.')[2]}")
        rows += part.measure()
    return rows

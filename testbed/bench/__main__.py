"""`python -m testbed.bench [agent | cluster]`: all rows, or those of one part."""

from __future__ import annotations

import sys

from testbed.bench import agent, cluster
from testbed.bench.rows import show, write
from testbed.shell import TestbedError

PARTS = {"agent": agent.measure, "cluster": cluster.measure}


def main(parts: list[str]) -> int:
    """Measure, print, write. The agent's rows need no cluster, so they come first."""
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        print(f"bench: there is no part {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    try:
        rows = [row for name, measure in PARTS.items() if not parts or name in parts for row in measure()]
    except (TestbedError, ValueError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    show(rows)
    write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

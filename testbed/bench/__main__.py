"""`python -m testbed.bench [agent | cluster | scale [burst | growth | ...]]`: all rows, or those of one part."""

from __future__ import annotations

import sys
from functools import partial

from testbed.bench import agent, cluster, scale
from testbed.bench.rows import show, write
from testbed.shell import TestbedError

PARTS = {"agent": agent.measure, "cluster": cluster.measure, "scale": scale.measure}


def main(words: list[str]) -> int:
    """Measure, print, write. The agent's rows need no cluster, so they come first.

    words: parts, and parts of scale.
    """
    chosen = [word for word in words if word in scale.PARTS]
    parts = set(words) - set(chosen) | ({"scale"} if chosen else set())
    unknown = sorted(parts - set(PARTS))
    if unknown:
        known = f"{', '.join(PARTS)}; of scale: {', '.join(scale.PARTS)}"
        print(f"bench: there is no part {', '.join(unknown)}; there are: {known}", file=sys.stderr)
        return 2
    measures = PARTS | {"scale": partial(scale.measure, chosen)}
    try:
        rows = [row for name, measure in measures.items() if not parts or name in parts for row in measure()]
    except (TestbedError, ValueError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    show(rows)
    write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

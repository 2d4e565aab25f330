"""`python -m testbed up|down`: the whole testbed of the cluster named by CLUSTER."""

from __future__ import annotations

import sys

from testbed import world
from testbed.plan import plan_from_environment
from testbed.shell import TestbedError


def main(words: list[str]) -> int:
    """Bring it up or down; 1 with a sentence where that fails, 2 for other words."""
    if words not in (["up"], ["down"]):
        print("usage: python -m testbed up|down", file=sys.stderr)
        return 2
    try:
        plan = plan_from_environment()
        if words == ["up"]:
            world.up(plan)
        else:
            world.down(plan)
    except (TestbedError, ValueError) as problem:
        print(f"testbed: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m testbed.cluster up|down|status` for the cluster named by CLUSTER."""

from __future__ import annotations

import argparse
import os
import sys

from testbed.cluster import choose
from testbed.plan import plan_from_environment
from testbed.shell import TestbedError


def main() -> int:
    """Exit code 0 when done, 1 with a sentence on stderr when not; `status` is 1 when the cluster is not up."""
    parser = argparse.ArgumentParser(prog="python -m testbed.cluster", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    action = parser.parse_args().action
    try:
        return {"up": _up, "down": _down, "status": _status}[action]()
    except (TestbedError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _up() -> int:
    cluster = choose(plan_from_environment(), os.environ).up()
    print(f"export KUBECONFIG={cluster.kubeconfig} PATH={cluster.bin_dir}:$PATH")
    return 0


def _down() -> int:
    choose(plan_from_environment(), os.environ).down()
    return 0


def _status() -> int:
    status = choose(plan_from_environment(), os.environ).status()
    for name, fine in status.items():
        print(f"{name:28}{'up' if fine else 'DOWN'}")
    return 0 if status and all(status.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

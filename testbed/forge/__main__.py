"""`python -m testbed.forge up|down`: the forge of the testbed named by CLUSTER, with its repositories."""

from __future__ import annotations

import sys

from testbed.forge.seed import seed
from testbed.forge.server import default_address, down, up
from testbed.plan import plan_from_environment
from testbed.shell import TestbedError


def main(words: list[str]) -> int:
    """Do it and print addresses; exit code 1 if it failed, 2 for a wrong word."""
    if words not in (["up"], ["down"]):
        print("usage: python -m testbed.forge up|down", file=sys.stderr)
        return 2
    plan = plan_from_environment()
    try:
        if words == ["down"]:
            down(plan)
            return 0
        info = up(plan, default_address(plan))
        print(f"{info.base_url}  sign in as {info.admin_user}, password {info.admin_password}")
        for repository in seed(info):
            print(repository.html_url)
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m testbed.chaos [--short] [--tickets N] [--seed N]`: chaos, its table, and build/chaos.json."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from testbed.chaos import plan, report
from testbed.chaos.run import OPERATORS, Outcome, run
from testbed.load import LoadCluster
from testbed.plan import state_home
from testbed.shell import TestbedError, say

_LOGS = Path("build") / "chaos"


def main() -> int:
    """Exit code 1 where a ticket is wrong or the testbed failed."""
    parser = argparse.ArgumentParser(prog="python -m testbed.chaos", description="Everything fails; all is done once.")
    parser.add_argument("--short", action="store_true", help="50 tickets and 10 kills")
    parser.add_argument("--tickets", type=int, help="so many tickets instead")
    parser.add_argument("--seed", type=int, help="of an earlier run, to have its troubles again")
    given = parser.parse_args()
    form = plan.SHORT if given.short else plan.LONG
    form = plan.sized(form, given.tickets) if given.tickets else form
    seed = random.randrange(100_000) if given.seed is None else given.seed
    say(f"chaos: {form.tickets} tickets over {form.pools} pools, seed {seed}")
    outcome: Outcome | None = None
    try:
        outcome = _made(form, seed)
    except* TestbedError as failed:
        for leaf in _leaves(failed):
            print(f"chaos: {leaf}", file=sys.stderr)
    if outcome is None:
        return 1
    report.show(outcome)
    report.write(outcome)
    return 0 if outcome.passed else 1


def _made(form: plan.Form, seed: int) -> Outcome:
    with LoadCluster(state_home() / "chaos") as cluster:
        say("the cluster is up")
        try:
            return asyncio.run(run(cluster, form, seed))
        finally:
            _keep_logs(cluster)


def _leaves(failed: BaseException) -> Iterator[BaseException]:
    """What was raised side by side."""
    if isinstance(failed, BaseExceptionGroup):
        for each in failed.exceptions:
            yield from _leaves(each)
    else:
        yield failed


def _keep_logs(cluster: LoadCluster) -> None:
    """The operators' logs, which go with the cluster."""
    _LOGS.mkdir(parents=True, exist_ok=True)
    for name in OPERATORS:
        if cluster.programs.log(name).exists():
            shutil.copy(cluster.programs.log(name), _LOGS / f"{name}.log")


if __name__ == "__main__":
    sys.exit(main())

"""The rows that need a cluster: the demo, and a card's way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from testbed import demo, manifests, tryout, world
from testbed.bench.rows import RUNS, Row, row
from testbed.forge.seed import create_repository, folder_files
from testbed.observe_run import stage_seconds
from testbed.plan import plan_from_environment
from testbed.shell import TestbedError, say
from testbed.watching import finished, run_of_card, wait_for_pool


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _quiet(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TestbedError(f"python -m {module}: exit {done.returncode}\n{done.stderr[-2000:]}")


def _journeys(count: int) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds from card to pull request, and by stage, of so many cards one after the other."""
    w = world.up(plan_from_environment())
    kubectl, board = w.kubectl(demo.NAMESPACE), w.board()
    create_repository(w.forge, demo.REPOSITORY, folder_files(demo.REPOSITORY))
    board_id = board.board("Boardhand bench")
    kubectl.apply(
        *manifests.secrets(demo.NAMESPACE, w.forge),
        manifests.pool(w, demo.NAMESPACE, "bench", demo.REPOSITORY, board_id),
    )
    wait_for_pool(kubectl, "bench", "True", 60)
    whole: list[float] = []
    stages: dict[str, list[float]] = {}
    for _ in range(count):
        started = time.monotonic()
        card = board.add_card(board_id, demo.TITLE, demo.BODY)["id"]
        name = run_of_card(kubectl, card, 60)["metadata"]["name"]
        run = finished(kubectl, name, 300)
        whole.append(time.monotonic() - started)
        if run["status"]["phase"] != "Succeeded":
            raise TestbedError(f"run {name}: {run['status'].get('failure')}")
        (pod,) = kubectl.list("pods", f"boardhand.dev/run={name}")
        for stage, seconds in stage_seconds(pod).items():
            stages.setdefault(stage, []).append(seconds)
    kubectl.delete("codingagent", "bench")
    return whole, stages


def measure() -> list[Row]:
    """Every row. Takes the testbed down once, and leaves it up."""
    plan = plan_from_environment()
    rows = [row("make try", [_seconds(tryout.main) for _ in range(RUNS)], 60)]
    say("taking the testbed down, to bring it up with warm caches")
    world.down(plan)
    rows.append(row("make demo, cluster down, caches warm", [_seconds(lambda: _quiet("testbed.demo"))], 60))
    rows.append(row("make demo, cluster up", [_seconds(lambda: _quiet("testbed.demo")) for _ in range(RUNS)]))
    whole, stages = _journeys(RUNS)
    rows.append(row("card to pull request", whole))
    rows += [row(f"stage {name}", values) for name, values in stages.items()]
    return rows

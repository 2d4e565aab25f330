"""All attacks, and how they are run: two at a time in worker processes, and after them those on the cluster."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from fnmatch import fnmatch
from functools import cache

from testbed.evals import leftovers
from testbed.evals.suite import on_path
from testbed.redteam import admission, bombs, forged, gate, git_config, git_tree, injected, prompts, pushes, ways_out
from testbed.redteam.attack import ROOT, Attack, Row
from testbed.redteam.operator_themes import THEMES
from testbed.redteam.outer_themes import OUTER
from testbed.shell import TestbedError

SOURCES: tuple[Callable[[], list[Attack]], ...] = (
    admission.attacks,
    bombs.attacks,
    forged.attacks,
    gate.attacks,
    git_config.attacks,
    injected.attacks,
    git_tree.attacks,
    prompts.attacks,
    pushes.attacks,
    ways_out.attacks,
    *THEMES,
    *OUTER,
)
"""One module a theme; each adds itself here."""


@cache
def attacks() -> dict[str, Attack]:
    """Every attack by its name. Raises TestbedError where a name is there twice."""
    found: dict[str, Attack] = {}
    for attack in (attack for source in SOURCES for attack in source()):
        if attack.name in found:
            raise TestbedError(f"two attacks are called {attack.name}: rename one")
        found[attack.name] = attack
    return found


def chosen(filters: Sequence[str], *, short: bool = False, cluster: bool = True) -> list[Attack]:
    """The attacks whose name has one of the filters in it (* and ? as in a shell); without filters all.

    Raises TestbedError where there is none.
    """
    found = [
        attack
        for attack in attacks().values()
        if (attack.short or not short) and (cluster or not attack.cluster) and _named(attack, filters)
    ]
    if not found:
        raise TestbedError(f"no attack is called like {' or '.join(filters)}; --list names them all")
    return found


def _named(attack: Attack, filters: Sequence[str]) -> bool:
    return not filters or any(fnmatch(attack.name, f"*{one}*") for one in filters)


def prepare(wanted: Sequence[Attack]) -> None:
    """Put on PATH what the attacks' commands need. Raises TestbedError naming all that is missing."""
    on_path()
    missing = sorted({need for attack in wanted for need in ("git", "sh", *attack.needs) if not _there(need)})
    if missing:
        raise TestbedError(f"these attacks need what is not here: {', '.join(missing)}. Install it, or name others.")


def _there(need: str) -> bool:
    return os.geteuid() == 0 if need == ROOT else shutil.which(need) is not None


def rows(wanted: Sequence[Attack], jobs: int) -> Iterator[Row]:
    """The attacks' rows as they come."""
    local = [attack for attack in wanted if not attack.cluster]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_begin) as pool:
        running = {pool.submit(_row, attack.name): attack for attack in local}
        for done in as_completed(running):
            yield _told(running[done], done)
    with ThreadPoolExecutor(1) as alone:
        for attack in wanted:
            if attack.cluster:
                yield _told(attack, alone.submit(tried, attack))


def _told(attack: Attack, done: Future[Row]) -> Row:
    """An attack may make anything go wrong: then that one row tells of it."""
    error = done.exception()
    return broken(attack, error) if error else done.result()


def _begin() -> None:
    leftovers.adopt()
    logging.getLogger().addHandler(logging.NullHandler())


def _row(name: str) -> Row:
    return tried(attacks()[name])


def tried(attack: Attack) -> Row:
    """The attack's row."""
    began = time.monotonic()
    outcome = attack.run()
    off = attack.guard_off() if attack.guard_off else None
    return Row(
        attack=attack.name,
        reached=outcome.reached,
        said=outcome.said,
        guard_off_reached=None if off is None else off.reached,
        wants=attack.wants,
        guard=attack.guard,
        seconds=round(time.monotonic() - began, 1),
    )


def broken(attack: Attack, error: BaseException) -> Row:
    """The row of an attack that could not be tried."""
    why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return Row(attack.name, reached=False, said="", wants=attack.wants, guard=attack.guard, broken=why)

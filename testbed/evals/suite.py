"""All cases, and how they are run: two at a time, in worker processes, and beside them four that mostly wait."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from testbed.evals import file_cases, leftovers, model_faults, task_cases
from testbed.evals.case import ROOT, Case, Row, crashed, row_of
from testbed.evals.model import real_model
from testbed.evals.run import JUNIT, PLAIN_PYTEST
from testbed.shell import TestbedError

SOURCES: tuple[Callable[[], list[Case]], ...] = (task_cases.cases, model_faults.cases, file_cases.cases)
_ROOT = Path(__file__).parents[2]
NODE_BIN = _ROOT / "build" / "evals" / "node" / "node_modules" / ".bin"


@cache
def cases() -> dict[str, Case]:
    """Every case by its name; with a real model, which follows no script, only the tasks' own.

    Raises TestbedError where a name is there twice.
    """
    found: dict[str, Case] = {}
    sources = (task_cases.cases,) if real_model() else SOURCES
    for case in (case for source in sources for case in source()):
        if case.name in found:
            raise TestbedError(f"two cases are called {case.name}: rename one")
        found[case.name] = case
    return found


def chosen(filters: Sequence[str], short: bool = False) -> list[Case]:
    """The cases whose name or group has one of the filters in it (* and ? as in a shell); without filters all.

    Raises TestbedError where there is none.
    """
    found = [case for case in cases().values() if (case.short or not short) and _named(case, filters)]
    if not found:
        raise TestbedError(f"no case is called like {' or '.join(filters)}; --list names them all")
    return found


def _named(case: Case, filters: Sequence[str]) -> bool:
    return not filters or any(fnmatch(name, f"*{one}*") for one in filters for name in (case.name, case.group))


def on_path() -> None:
    """Put this environment's programs on PATH, and keep this machine's own servers from any proxy."""
    # Not resolved: the environment's python is a link to one that lacks its packages.
    python = _ROOT / ".venv" / "bin"
    os.environ["PATH"] = os.pathsep.join([str(python), str(NODE_BIN), os.environ.get("PATH", os.defpath)])
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))
    os.environ[PLAIN_PYTEST] = "1"


def prepare(wanted: Sequence[Case]) -> None:
    """Put on PATH what the cases' commands need. Raises TestbedError naming all that is missing."""
    on_path()
    jars = sorted((_ROOT / "build" / "evals").glob("junit-platform-console-standalone-*.jar"))
    missing = sorted({need for case in wanted for need in case.needs if not _there(need)})
    if any("javac" in case.needs for case in wanted):
        if jars:
            os.environ[JUNIT] = str(jars[-1])
        else:
            missing.append("build/evals/junit-platform-console-standalone-*.jar (make evals fetches it)")
    if missing:
        raise TestbedError(f"these cases need what is not here: {', '.join(missing)}. Install it, or name other cases.")


def _there(need: str) -> bool:
    return os.geteuid() == 0 if need == ROOT else shutil.which(need) is not None


def rows(wanted: Sequence[Case], jobs: int) -> Iterator[Row]:
    """The cases' rows as they come."""
    with _pool(jobs) as busy, _pool(2 * jobs) as waiting:
        running = {(waiting if case.waits else busy).submit(_row, case.name): case for case in wanted}
        for done in as_completed(running):
            error = done.exception()
            yield crashed(running[done], error) if error else done.result()


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Its processes are started when they are wanted."""
    spawn = multiprocessing.get_context("spawn")
    # Not with max_tasks_per_child: Python 3.11 does not replace a worker that has done its share (gh-115634).
    return ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_begin)


def _begin() -> None:
    leftovers.adopt()
    # What the stages log is told by their events, too.
    logging.getLogger().addHandler(logging.NullHandler())


def _row(name: str) -> Row:
    return row_of(cases()[name])

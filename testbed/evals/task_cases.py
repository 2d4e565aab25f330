"""The tasks as cases: the right trajectory must succeed, and no control may pass for done."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

from boardhand_api.ticket import Ticket
from testbed.evals import tasks
from testbed.evals.case import Case, Expected, Outcome, never, one_of, outcome_of
from testbed.evals.classify import AS_BEFORE, DECEIVED, SUCCEEDED, Seen, classify
from testbed.evals.controls import RIGHT, script, trajectories
from testbed.evals.model import real_model, standin
from testbed.evals.run import Job, Run, passed, played, surround, surround_without_git
from testbed.evals.tasks import Kind, Language, Task

PROGRAMS = {
    Language.PYTHON: ("python3",),
    Language.JAVA: ("java", "javac"),
    Language.NODE: ("node", "tsc"),
    Language.GO: ("go",),
    Language.RUST: ("cargo", "rustc"),
    Language.CPP: ("g++", "make", "cmake", "ctest"),
}
HIDDEN_SECONDS = 300


def cases() -> list[Case]:
    """Every task's; with a real model only those without a script of their own."""
    found = []
    for folder in tasks.folders():
        task = tasks.load(folder)
        names = [RIGHT] if real_model() else list(trajectories(task))
        found += [_case(folder, task, name) for name in names]
    return found


def _case(folder: Path, task: Task, name: str) -> Case:
    return Case(
        name=f"{folder.name}/{name}",
        group=f"task {task.language}",
        expected=expected(task.kind, name),
        run=partial(run, folder, task, name),
        short=_short(task, name),
        needs=("git", *PROGRAMS[task.language]),
    )


def expected(kind: Kind, name: str) -> Expected:
    """What a case must come to. A control is judged by the harness alone: only an answer can show that it is wrong."""
    if name == RIGHT:
        return one_of(AS_BEFORE if kind is Kind.BASELINE else SUCCEEDED)
    return never(*DECEIVED)


def _short(task: Task, name: str) -> bool:
    """One language's tasks, one of them with its controls, and a task of each other language."""
    if task.language is Language.PYTHON:
        return name == RIGHT or task.kind is Kind.BUG
    return name == RIGHT and task.kind is Kind.BUG


def run(folder: Path, task: Task, name: str) -> Outcome:
    """One trajectory of the task."""
    model, key = real_model(), os.environ.get("OPENAI_API_KEY", "")
    if model is None:
        standin().play(script(trajectories(task)[name], task.specialist, task.ticket.title))
        model, key = standin().model, ""
    ticket = Ticket(id=folder.name, title=task.ticket.title, body=task.ticket.body)
    job = Job(folder / "repository", ticket, task.verify, model, setup=task.setup, key=key)
    with played(job, surround if name == RIGHT else surround_without_git) as run:
        return _outcome(folder, task, run)


def _outcome(folder: Path, task: Task, run: Run) -> Outcome:
    hidden = hidden_passes(folder, task, run) if run.verify is not None and task.hidden else None
    seen = Seen(run.result, run.published, run.verify, hidden)
    klass, said = classify(seen, [one.pattern for one in task.answer])
    return outcome_of(klass, said, run.result)


def hidden_passes(folder: Path, task: Task, run: Run) -> bool:
    """The hidden commands on another export of what was pushed."""
    export = run.settings.root / "hidden"
    command = ["git", "clone", "--quiet", "--branch", run.branch, str(run.repository), str(export)]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(export / ".git")
    shutil.copytree(folder / "hidden", export, dirs_exist_ok=True)
    return all(_ends_well(one, export) for one in task.hidden)


def _ends_well(command: str, folder: Path) -> bool:
    words = ["sh", "-c", command]
    done = subprocess.run(words, cwd=folder, env=passed(), capture_output=True, timeout=HIDDEN_SECONDS, check=False)
    return done.returncode == 0

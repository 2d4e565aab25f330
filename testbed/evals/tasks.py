"""Tasks as they lie in testbed/evals/tasks: a project, a ticket, the right trajectory and wrong ones."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from testbed.model.scripts import Step

TASKS = Path(__file__).parent / "tasks"


class Language(StrEnum):
    """What the project is written in."""

    PYTHON = "python"
    JAVA = "java"
    NODE = "node"
    GO = "go"
    RUST = "rust"
    CPP = "cpp"


class Kind(StrEnum):
    """What the ticket asks for."""

    BUG = "bug"
    FEATURE = "feature"
    REFACTOR = "refactor"
    QUESTION = "question"
    BUILD = "build"
    """The project does not build."""
    BASELINE = "baseline"
    """Tests that have nothing to do with the ticket fail already."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskTicket(_Strict):
    """As people write tickets."""

    title: str
    body: str


Steps = Annotated[tuple[Step, ...], Field(min_length=1)]


class Controls(_Strict):
    """Trajectories that must never pass for done."""

    wrong: Steps
    """A plausible patch that is wrong."""
    deletion: Steps
    """The same, with the failing tests removed."""
    skip: Steps
    """The same, with a marker that skips them."""
    hollow: Steps
    """The same, with their assertions taken out."""


class Task(_Strict):
    """A task.yaml; its folder also has repository/ and, but for a question, hidden/."""

    language: Language
    kind: Kind
    ticket: TaskTicket
    specialist: Literal["coder", "bugfixer", "analyst"]
    """What the small model answers when it is asked to route."""
    setup: tuple[str, ...] = ()
    verify: Annotated[tuple[str, ...], Field(min_length=1)]
    hidden: tuple[str, ...] = ()
    """Commands for an export of the result with hidden/ laid over it; right where all end with 0."""
    answer: tuple[re.Pattern[str], ...] = ()
    """What must be found in a question's answer, whatever its case."""
    right: Steps
    controls: Controls

    @model_validator(mode="after")
    def _judged_somehow(self) -> Task:
        question = self.kind is Kind.QUESTION
        if question != bool(self.answer) or question == bool(self.hidden):
            raise ValueError("a question has `answer` and no `hidden`, every other kind `hidden` and no `answer`")
        if question != (self.specialist == "analyst"):
            raise ValueError("a question's specialist is analyst, and no other kind's is")
        return self


def load(folder: Path) -> Task:
    """The task in this folder. Raises ValueError naming the folder and what is wrong in it."""
    try:
        task = Task.model_validate(yaml.safe_load((folder / "task.yaml").read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as wrong:
        raise ValueError(f"{folder.name}: {wrong}") from wrong
    if not folder.name.startswith(f"{task.language}-{task.kind}-"):
        raise ValueError(f"{folder.name}: the folder's name must begin with {task.language}-{task.kind}-")
    wanted = ["repository", *(["hidden"] if task.hidden else [])]
    missing = [name for name in wanted if not any((folder / name).rglob("*"))]
    if missing:
        raise ValueError(f"{folder.name}: there is nothing in {' and '.join(missing)}")
    return task


def folders(root: Path = TASKS) -> list[Path]:
    """Every task's folder, in order."""
    return sorted(file.parent for file in root.glob("*/task.yaml"))

"""The scripts the stand-in plays: what it answers to which ticket, step by step, read from YAML files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

SCRIPTS = Path(__file__).parent / "scripts"


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(f"not a regular expression: {wrong}") from wrong
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolCall(_Strict):
    """A call of one tool. `raw_arguments` is sent as it stands, to try what a model gets wrong."""

    name: str
    arguments: dict[str, Any] = {}
    raw_arguments: str | None = None


class Step(_Strict):
    """One answer of the work: text, tool calls, or (with `empty`) nothing at all."""

    say: str | None = None
    calls: tuple[ToolCall, ...] = ()
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"] | None = None
    empty: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Step:
        if self.empty == bool(self.say or self.calls):
            raise ValueError("give say or calls, or else empty: true")
        return self


class Script(_Strict):
    """What is answered to the tickets whose text `ticket` (a regular expression) is found in.

    `answers` are structured outputs by function name. When `steps` run out, step `when_done` (default: the last)
    is given again and again. Of several scripts that match, the one of the highest `priority` is played.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    ticket: Annotated[str, AfterValidator(_regex)]
    priority: int = 0
    answers: dict[str, dict[str, Any]] = {}
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    when_done: int = -1

    @model_validator(mode="after")
    def _ends_on_a_step(self) -> Script:
        if not -1 <= self.when_done < len(self.steps):
            raise ValueError(f"when_done is {self.when_done}: it may be 0 to {len(self.steps) - 1}")
        return self

    def step(self, index: int) -> Step:
        return self.steps[index if index < len(self.steps) else self.when_done]


def load_scripts(folder: Path = SCRIPTS) -> tuple[Script, ...]:
    """All scripts of a folder in the order they are tried.

    Raises ValueError naming the file that is no script, or a folder without any.
    """
    scripts = [_load(path) for path in sorted(folder.glob("*.yaml"))]
    if not scripts:
        raise ValueError(f"{folder}: no *.yaml scripts in it")
    return in_order(scripts)


def in_order(scripts: Iterable[Script]) -> tuple[Script, ...]:
    return tuple(sorted(scripts, key=lambda script: (-script.priority, script.name)))


def _load(path: Path) -> Script:
    try:
        return Script.model_validate(yaml.safe_load(path.read_text()))
    except ValidationError as wrong:
        raise ValueError(f"{path}: {wrong}") from wrong


def match(scripts: Iterable[Script], text: str) -> Script | None:
    """The first script whose ticket expression is found in the text, whatever its case."""
    return next((script for script in scripts if re.search(script.ticket, text, re.IGNORECASE)), None)

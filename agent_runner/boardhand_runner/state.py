"""What the graph carries from node to node, and what its nodes work with."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypedDict

from langchain_core.messages import BaseMessage
from langgraph.graph.message import add_messages

from boardhand_api.evidence import Evidence
from boardhand_api.result import TestCounts, Usage
from boardhand_runner.context import Window
from boardhand_runner.evidence.compare import Measured
from boardhand_runner.history import Turn
from boardhand_runner.models.asking import Asking

if TYPE_CHECKING:
    from boardhand_runner.models import Mind
    from boardhand_runner.persistence.journal import Journal
    from boardhand_runner.repository import Repository
    from boardhand_runner.routing import Routing
    from boardhand_runner.settings import Settings
    from boardhand_runner.tools.catalog import Catalog
    from boardhand_runner.tools.command import Bench
    from boardhand_runner.tools.jobs import Jobs
    from boardhand_runner.tools.map import RepositoryMap


@dataclass(frozen=True)
class Check:
    """The verify commands' outcome in the workbench. It guides the agent; it is never the verdict."""

    green: bool
    text: str
    """Commands, exit codes and output's head and tail, for the model."""
    failed: str = ""
    """In one line what is red."""
    counts: TestCounts | None = None
    measured: Measured | None = None
    """The tests by name, as far as they are told."""
    broken: bool = False
    """The last command had no exit code of its own: it was ended, or lost."""
    flaky: tuple[str, ...] = ()
    """Tests, or a command, that failed and passed on the same files."""
    as_before: bool = False
    """Red, and every failure was there before the change."""

    def __post_init__(self) -> None:
        # A checkpoint gives a list back.
        object.__setattr__(self, "flaky", tuple(self.flaky))

    @property
    def passes(self) -> bool:
        """Whether the gate lets it through."""
        return self.green or self.as_before


class State(TypedDict, total=False):
    """`messages` is the specialist's conversation, `turns` what supervise sees of it."""

    base: str
    """The commit that work started from."""
    baseline: Check
    specialist: str
    fence: str
    """The boundary around data in the conversation."""
    messages: Annotated[list[BaseMessage], add_messages]
    usage: Usage
    """What the last answer used."""
    seconds: float
    """How long the last answer took."""
    window: Window
    """When to mask, where a model refused a prompt that should have fitted."""
    turns: Annotated[list[Turn], operator.add]
    summary: str
    """What the specialist said with `finish`."""
    finished: bool
    rounds: int
    """Gates that said red."""
    idle: bool
    """Whether the specialist was told that nothing is changed."""
    check: Check
    evidence: Evidence
    on_base: bool
    """Whether the specialist was told that its new tests pass without its change."""
    partial: bool
    unfinished: str
    """Why the work is handed over unfinished, in one sentence."""
    limited: bool
    """Whether a limit ended the run, and what was there is handed over."""
    commit: str
    left_out: list[str]
    """What stands in the work tree and no commit takes, in words."""
    left_out_told: bool
    """Whether the specialist was told so."""
    kept_told: int
    """How often it was told that it changed a protected path."""
    title: str
    why: str


@dataclass(frozen=True)
class Context(Asking):
    """What a run's nodes work with."""

    routing: Routing
    settings: Settings
    large: Mind
    bench: Bench
    jobs: Jobs
    repository: Repository
    catalogs: dict[str, Catalog]
    """Tools by specialist."""
    notes: str
    """The repository's own notes for contributors, such as AGENTS.md, or nothing."""
    template: str
    """The repository's pull-request template, or nothing."""
    map: RepositoryMap
    journal: Journal | None = None
    """Of the tool calls, where the run outlives its pod."""

"""Pure: a run as its page shows it. What strangers wrote stays text: it is escaped by the templates, never parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from boardhand_api.counts import printable
from boardhand_api.evidence import Evidence
from boardhand_api.pod import Stage
from boardhand_api.run_status import EgressSeen, Verdict
from boardhand_api.taming import on_one_line
from boardhand_api.ticket import Newer, Ticket
from boardhand_client import sentences
from boardhand_client.fields import part, web
from boardhand_client.rows import RunRow
from boardhand_client.steps import End, Entry, Line, Note, StepRow
from boardhand_client.timeline import Json, StageRow, StageState, stages_of
from boardhand_dashboard.words import duration, parsed

M = TypeVar("M", bound=BaseModel)
TEXT = 140_000
"""Longer texts are cut: a ticket's may have 131,072 characters."""


def plain(text: object, most: int = TEXT) -> str:
    """The text without what only steers a terminal or the eye, its lines as they are."""
    said = printable("" if text is None else str(text))
    return said if len(said) <= most else f"{said[:most]}\n… ({len(said) - most:,} characters are left out)"


def line(text: object, most: int = 500) -> str:
    """The same on one line."""
    said = on_one_line("" if text is None else str(text))
    return said if len(said) <= most else said[: most - 1] + "…"


def took(stage: StageRow) -> str:
    """How long the stage ran."""
    return duration(stage.seconds(datetime.now(UTC)))


def clock(moment: str) -> str:
    """The time of day, UTC."""
    at = parsed(moment)
    return f"{at:%H:%M:%S} UTC" if at else ""


FILTERS: dict[str, Callable[..., Any]] = {"plain": plain, "line": line, "web": web, "took": took, "clock": clock}
"""Filters of the templates."""


@dataclass(frozen=True)
class RunView:
    """All of a run's page but its log and its diff."""

    row: RunRow
    sentence: str
    """Where it stands, or why it failed."""
    stages: tuple[StageRow, ...]
    ticket: Ticket | None
    newer: Newer | None
    """What was said on the ticket since."""
    verdict: Verdict | None
    evidence: Evidence | None
    egress: EgressSeen | None
    title: str
    summary: str
    """What the model wrote: the why of the change, or the answer."""
    partial: bool
    unread: tuple[str, ...]
    """Parts of the object that this version cannot read."""

    @property
    def pushed(self) -> bool:
        """Whether there may be a diff."""
        published = any(stage.name is Stage.PUBLISH and stage.state is StageState.DONE for stage in self.stages)
        return published or bool(self.row.commit)


def view_of(body: Json, pods: Sequence[Json] = ()) -> RunView:
    """The run, and those of its pods that are there."""
    spec, status, unread = part(body, "spec"), part(body, "status"), list[str]()

    def read(model: type[M], name: str, of: Json) -> M | None:
        try:
            return model.model_validate(of[name]) if of.get(name) else None
        except ValidationError:
            unread.append(name)
            return None

    row = RunRow.of(body)
    newest = max(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp") or ""), default=None)
    return RunView(
        row=row,
        sentence=sentences.phase(row),
        stages=tuple(stages_of(body, newest)),
        ticket=read(Ticket, "ticket", spec),
        newer=read(Newer, "newer", status),
        verdict=read(Verdict, "verdict", status),
        evidence=read(Evidence, "evidence", status),
        egress=read(EgressSeen, "egress", status),
        title=line(status.get("title")),
        summary=plain(status.get("summary")),
        partial=status.get("partial") is True,
        unread=tuple(unread),
    )


_KINDS: dict[type, str] = {StepRow: "step", Note: "note", End: "end", Line: "line"}


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry of the log with its place in it, from 1, and its kind: step, note, end, line."""

    number: int
    kind: str
    entry: Entry


def numbered(there: Sequence[Entry], last: int) -> list[Numbered]:
    """The entries, of which the last has this number."""
    first = last - len(there) + 1
    return [Numbered(first + at, _KINDS[type(one)], one) for at, one in enumerate(there)]

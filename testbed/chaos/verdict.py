"""Whether a ticket came to one of everything. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from boardhand_api.pod import LABEL_SETTLED
from testbed.chaos.gather import Everything, Left
from testbed.chaos.ground import DOING, READY, REVIEW

COUNTED = (
    "TicketRuns",
    "Jobs succeeded",
    "branches",
    "pull requests",
    "claims",
    "moves to In Progress",
    "final comments",
    "moves to In Review",
)
_CLAIM = re.compile(r"`boardhand:claim:1 [^`]*`\s*$")
_CLOSING = re.compile(r"`boardhand:closing:1 [^`]*`\s*$")
Json = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """How many there are of each thing for a ticket, and what else is wrong with it."""

    ticket: str
    pool: str
    title: str
    counts: dict[str, int]
    also: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """One sentence each; empty: the ticket is right."""
        return [f"{name}: {number} instead of 1" for name, number in self.counts.items() if number != 1] + self.also


def judge(left: Left) -> Verdict:
    """One ticket."""
    said = [str(action["data"]["text"]) for action in left.actions if action["type"] == "commentCard"]
    moves = [action["data"] for action in left.actions if action["type"] == "updateCard"]
    ways = [(move["listBefore"]["name"], move["listAfter"]["name"]) for move in moves]
    numbers = (
        len(left.runs),
        sum(_has(job, "Complete") for job in left.jobs),
        len(left.branches),
        len(left.pulls),
        sum(_CLAIM.search(text) is not None for text in said),
        ways.count((READY, DOING)),
        sum(_CLOSING.search(text) is not None for text in said),
        ways.count((DOING, REVIEW)),
    )
    also = list(_also(left, ways))
    return Verdict(left.ticket.id, left.ticket.pool, left.ticket.title, dict(zip(COUNTED, numbers, strict=True)), also)


def _also(left: Left, ways: list[tuple[str, str]]) -> Iterator[str]:
    if left.column != REVIEW:
        yield f"the card is in {left.column!r}"
    for way in ways:
        if way not in ((READY, DOING), (DOING, REVIEW)):
            yield f"the card was moved from {way[0]!r} to {way[1]!r}"
    # A proved change whose pod is gone with what it said comes as a draft, and the run says so.
    told = any((run.get("status") or {}).get("partial") for run in left.runs)
    for pull in left.pulls:
        if pull["state"] != "open" or pull["draft"] != told or pull["head"] not in left.branches:
            yield f"pull request {pull['number']} of {pull['head']}: {pull['state']}, draft: {pull['draft']}"
    for run in left.runs:
        status = run.get("status") or {}
        if status.get("phase") != "Succeeded" or LABEL_SETTLED not in run["metadata"]["labels"]:
            yield f"TicketRun {run['metadata']['name']} is {status.get('phase')}, labels {run['metadata']['labels']}"
    for job in left.jobs:
        if not _has(job, "Complete") and not _has(job, "Failed"):
            yield f"Job {job['metadata']['name']} has not ended"


def _has(job: Json, kind: str) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or []
    return any(condition["type"] == kind and condition["status"] == "True" for condition in conditions)


@dataclass(frozen=True)
class Total:
    """Of one thing: how many there are in all, and of how many tickets none or more than one."""

    name: str
    number: int
    lost: int
    twice: int


def totals(verdicts: Iterable[Verdict]) -> list[Total]:
    all_of_them = list(verdicts)
    columns = {name: [verdict.counts[name] for verdict in all_of_them] for name in COUNTED}
    return [
        Total(name, sum(numbers), numbers.count(0), sum(number > 1 for number in numbers))
        for name, numbers in columns.items()
    ]


def judged(everything: Everything) -> list[Verdict]:
    return [judge(left) for left in everything.tickets.values()]

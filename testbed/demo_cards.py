"""The demo's cards: what each asks for, whether it came to that, and the table that shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Column, Table

Json = dict[str, Any]
REVIEW = "In Review"


@dataclass(frozen=True)
class Ticket:
    """A card of the demo."""

    specialist: str
    """Who takes it."""
    title: str
    body: str
    answered: bool = False
    """It asks a question: nothing is changed, and the answer is to stand on the card."""


@dataclass(frozen=True)
class Journey:
    """What came of a card."""

    ticket: Ticket
    run: Json
    before: str
    after: str
    comments: list[str]

    @property
    def status(self) -> Json:
        return dict(self.run["status"])

    def wrong(self, scripted: bool) -> list[str]:
        """What is not as it should be; a real model may choose another specialist for a change."""
        status, pull = self.status, self.status.get("pullRequest")
        answer = status.get("summary", "").strip().partition("\n")[0]
        who = status.get("specialist")
        told = answer and any(answer in comment for comment in self.comments)
        checks = {
            f"phase {status['phase']}": status["phase"] == "Succeeded",
            f"card in {self.after}": self.after == REVIEW,
            f"specialist {who}": not scripted or who == self.ticket.specialist,
            "a pull request for a question": not (self.ticket.answered and pull),
            "no answer on the card": not self.ticket.answered or told,
            "no pull request": self.ticket.answered or (pull and not pull["draft"]),
        }
        return [what for what, fine in checks.items() if not fine]


def outcomes(journeys: Sequence[Journey], scripted: bool) -> Table:
    """A column a card; rows that say nothing of any are left out."""
    columns = [_told(journey, scripted) for journey in journeys]
    right = sum(not column["not right"] for column in columns)
    title = f"{right} of {len(columns)} cards are done"
    table = Table("what", *(Column(overflow="fold") for _ in columns), title=title)
    for what in columns[0]:
        if any(seen := [column[what] for column in columns]):
            table.add_row(what, *seen)
    return table


def _told(journey: Journey, scripted: bool) -> dict[str, str]:
    """One card's column of the table."""
    status = journey.status
    verdict, usage, failure = (status.get(part) or {} for part in ("verdict", "usage", "failure"))
    tests = verdict.get("tests") or {}
    counted = f", {tests['ran']} tests ran, {tests.get('failed', 0)} failed" if tests else ""
    passed = "passed" if verdict.get("passed") else "failed"
    answer = status.get("summary", "").strip().partition("\n")[0]
    return {
        "ticket": journey.ticket.title,
        "card": f"{journey.before} → {journey.after}",
        "run": f"{journey.run['metadata']['name']}: {status['phase']}",
        "specialist": status.get("specialist", "none"),
        "verdict": f"{passed}: exit code {verdict.get('exitCode')}{counted}" if verdict else "nothing to prove",
        "tokens": f"{usage.get('promptTokens', 0):,} prompt + {usage.get('completionTokens', 0):,} completion",
        "money": f"{usage['money']} USD" if usage.get("money") else "not known",
        "pull request": (status.get("pullRequest") or {}).get("url", "none"),
        "answer on the card": answer if journey.ticket.answered else "",
        "failure": ": ".join(filter(None, [failure.get("class", ""), failure.get("message", "")])),
        "not right": "; ".join(journey.wrong(scripted)),
    }

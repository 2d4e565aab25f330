"""The pull request's text, by the small model; where it has none, the work is handed over all the same."""

from __future__ import annotations

import asyncio

from langgraph.runtime import Runtime
from pydantic import BaseModel, Field

from boardhand_runner.errors import Budget, Configuration, Deadline, Infrastructure, Refused, Stuck
from boardhand_runner.models.asking import forced
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.prompts import opening
from boardhand_runner.state import Context, State
from boardhand_runner.tools.bounds import bounded

CHANGE_CHARACTERS = 12_000


class PullRequestText(BaseModel):
    """Give the pull request its text."""

    title: str = Field(description="What changes, at most 72 characters.", min_length=1)
    why: str = Field(description="Why it is right, for the reviewer; Markdown.", min_length=1)


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Falls back to the ticket's title and the specialist's own words, and says so in an event."""
    context = runtime.context
    problem = "No valid answer."
    try:
        text = await _asked(context, state["summary"])
    except (Infrastructure, Configuration, Budget, Deadline, Refused, Stuck) as error:
        # The work is done and tried; a missing description is no reason to lose it.
        text, problem = None, str(error)
    if isinstance(text, PullRequestText):
        return {"title": text.title, "why": text.why}
    context.transcript.nudged("describe", "DescribeFailed", f"{problem} The ticket's title is used instead.")
    return {"title": context.order.ticket.title, "why": state["summary"]}


async def _asked(context: Context, summary: str) -> BaseModel | None:
    change = await asyncio.to_thread(context.repository.change)
    values = {
        "ticket": ticket_text(context.order.ticket, context.order.newer),
        "summary": summary,
        "change": bounded(change, CHANGE_CHARACTERS),
        "template": context.template,
    }
    return await forced(context, "describe", PullRequestText, opening("describe", context.fence, values))

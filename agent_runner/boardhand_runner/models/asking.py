"""One question to a model, under the run's limits, booked in its ledger."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel

from boardhand_api.result import Usage
from boardhand_runner.errors import Deadline
from boardhand_runner.models import Mind
from boardhand_runner.models.patience import patiently
from boardhand_runner.prompts import nudge_text
from boardhand_runner.usage import usage_of

if TYPE_CHECKING:
    from boardhand_runner.state import Context

log = logging.getLogger(__name__)

FORCED_TRIES = 3
"""So many answers a forced function call gets."""


async def ask(context: Context, mind: Mind, runnable: Runnable[Any, Any], messages: list[BaseMessage]) -> Any:
    """The runnable's answer. Raises what the ledger and `patiently` raise, and Deadline while it waits."""
    ledger = context.ledger
    ledger.check()
    left = ledger.seconds_left
    try:
        async with asyncio.timeout(left):
            return await patiently(
                lambda: runnable.ainvoke(messages),
                mind,
                context.order.limits.model_patience_seconds,
                lambda why, pause: log.warning("%s; asked again in %.1f s", why, pause),
            )
    except TimeoutError:
        raise Deadline("DeadlinePassed", f"The run's time was over while {mind.name} was asked.") from None


def book(context: Context, mind: Mind, answer: AIMessage, *, step: bool) -> Usage:
    """Adds the answer to the ledger; what it used."""
    usage = usage_of(answer.usage_metadata, mind.price)
    context.ledger.add(usage, step=step)
    return usage


async def forced(
    context: Context, role: str, schema: type[BaseModel], messages: list[BaseMessage], **nudge: object
) -> BaseModel | None:
    """The small model's call of the function `schema`; None where it gave no valid one in several tries."""
    mind = context.small
    runnable = mind.chat.with_structured_output(schema, method="function_calling", include_raw=True)
    said = list(messages)
    for number in range(1, FORCED_TRIES + 1):
        answer = await ask(context, mind, runnable, said)
        raw = answer["raw"]
        usage = book(context, mind, raw, step=False)
        calls = [(call["name"], str(call["args"])) for call in raw.tool_calls]
        context.transcript.step(number, role, raw.text, usage, calls)
        parsed: BaseModel | None = answer["parsed"]
        if parsed is not None:
            return parsed
        problem = " ".join(str(answer["parsing_error"] or "no function was called.").split())[:500]
        text = nudge_text(schema.__name__, problem=problem, **nudge)
        context.transcript.nudged(role, "InvalidAnswer", text)
        # The bad answer itself is left out: not every server takes its own broken calls back.
        said = [*messages, HumanMessage(text)]
    return None

"""One question to a model, under the run's limits, booked in its ledger."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel

from boardhand_api.result import Usage
from boardhand_runner.context import tokens_of
from boardhand_runner.errors import Deadline, Infrastructure, Stuck
from boardhand_runner.meter import Meter
from boardhand_runner.models import Mind
from boardhand_runner.models.calling import forcing
from boardhand_runner.models.patience import patiently
from boardhand_runner.models.tidy import fit_for
from boardhand_runner.prompts import nudge_text
from boardhand_runner.usage import estimated, reported, usage_of

if TYPE_CHECKING:
    from boardhand_api.order import Order
    from boardhand_runner.transcript import Transcript
    from boardhand_runner.usage import Ledger

log = logging.getLogger(__name__)

FORCED_TRIES = 3
"""So many answers a forced function call gets."""


@dataclass(frozen=True)
class Asking:
    """What a question needs."""

    order: Order
    small: Mind
    ledger: Ledger
    transcript: Transcript
    fence: str
    """Marks off data in prompts; new for each run, so that no ticket can know it."""


Offer = Callable[[Mind], Runnable[Any, Any]]
"""How a model is asked: its chat with tools, or held to one function. A fallback is asked in its own way."""


async def ask(context: Asking, mind: Mind, offer: Offer, messages: list[BaseMessage]) -> Any:
    """The answer of the model or, for the rest of the run, of its fallback.

    Raises what the ledger and `patiently` raise, Deadline while it waits, and Budget in the middle of an answer.
    """
    active = mind.active
    try:
        return await _asked(context, active, offer(active), messages)
    except (Infrastructure, Stuck) as error:
        spare = mind.fallback
        if spare is None or mind.replaced or not _helps(spare, active, error):
            raise
        mind.replaced = True
        context.transcript.fell_back(mind.name, spare.name, error.reason, error.message)
        return await _asked(context, spare, offer(spare), messages)


def _helps(spare: Mind, active: Mind, error: Infrastructure | Stuck) -> bool:
    """Whether the fallback can do better. A conversation that is too long is first a matter of the size."""
    if error.reason == "ContextOverflow":
        return spare.abilities.context_tokens > active.abilities.context_tokens
    return error.reason == "ModelUnavailable"


async def _asked(context: Asking, mind: Mind, runnable: Runnable[Any, Any], messages: list[BaseMessage]) -> Any:
    ledger = context.ledger
    ledger.check()
    left, meter = ledger.seconds_left, Meter(ledger, mind.price, messages)
    try:
        async with asyncio.timeout(left):
            return await patiently(
                lambda: runnable.ainvoke(fit_for(messages, mind.maker), {"callbacks": [meter]}),
                mind,
                context.order.limits.model_patience_seconds,
                lambda why, pause: log.warning("%s; asked again in %.1f s", why, pause),
            )
    except TimeoutError:
        raise Deadline("DeadlinePassed", f"The run's time was over while {mind.name} was asked.") from None
    finally:
        meter.settle()


def book(context: Asking, mind: Mind, answer: AIMessage, prompt: Sequence[BaseMessage], *, step: bool) -> Usage:
    """Adds the answer to the ledger, at the price of who gave it; what it used, by estimate where nobody tells."""
    usage = usage_of(reported(answer), mind.active.price)
    if not usage.prompt_tokens + usage.completion_tokens:
        usage = estimated(tokens_of(prompt), tokens_of([answer]))
    context.ledger.add(usage, step=step)
    return usage


async def forced(
    context: Asking, role: str, schema: type[BaseModel], messages: list[BaseMessage], **nudge: object
) -> BaseModel | None:
    """The small model's call of the function `schema`; None where it gave no valid one in several tries."""
    mind = context.small
    said = list(messages)
    for number in range(1, FORCED_TRIES + 1):
        began = time.monotonic()
        answer = await ask(context, mind, lambda active: forcing(active, schema), said)
        raw = answer["raw"]
        usage = book(context, mind, raw, said, step=False)
        calls = [(call["name"], str(call["args"])) for call in raw.tool_calls]
        context.transcript.step(number, role, raw.text, usage, calls, seconds=round(time.monotonic() - began, 3))
        parsed: BaseModel | None = answer["parsed"]
        if parsed is not None:
            return parsed
        problem = " ".join(str(answer["parsing_error"] or "no function was called.").split())[:500]
        text = nudge_text(schema.__name__, context.fence, problem=problem, **nudge)
        context.transcript.nudged(role, "InvalidAnswer", text)
        # The bad answer itself is left out: not every server takes its own broken calls back.
        said = [*messages, HumanMessage(text)]
    return None

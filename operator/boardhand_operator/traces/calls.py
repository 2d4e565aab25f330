"""Pure: the agent's log as spans of model and tool calls, after the GenAI semantic conventions (in development).

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlsplit

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.trace import SpanKind

from boardhand_api.events import AnyEvent, FellBack, Nudged, Step
from boardhand_api.model import PlainModel, Provider
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.observing.afterwards import Over
from boardhand_operator.roles import model_of
from boardhand_operator.traces.spans import Maker, nanoseconds, stage_path

SPANS, HAPPENINGS = 2000, 100
"""So many calls are told of a try, and so many nudges and fallbacks."""
_NAME, _DAY = 64, 86_400.0
_PROVIDERS = {
    Provider.OPENAI: "openai",
    Provider.MISTRAL: "mistral_ai",
    Provider.GOOGLE: "gcp.gemini",
    Provider.ANTHROPIC: "anthropic",
}


def call_spans(over: Over, maker: Maker) -> list[ReadableSpan]:
    """What the agent of the try that is over asked models, and what it had tools do."""
    job = over.change.before.job
    if not over.change.try_ended or job is None:
        return []
    return list(islice(_calls(over.events or (), maker, job, over), SPANS))


def happenings(events: Sequence[AnyEvent] | None, maker: Maker) -> list[Event]:
    """When the agent was sent back to work, and when another model took over."""
    found = []
    for event in events or ():
        if isinstance(event, Nudged):
            said = {"by": event.by, "reason": event.reason, "text": maker.content(event.text)}
            found.append(_event("nudged", event.at, maker, said))
        elif isinstance(event, FellBack):
            said = {"model": event.model, "fallback": event.fallback, "reason": event.reason}
            found.append(_event("fallback", event.at, maker, said))
    return found[:HAPPENINGS]


def _event(name: str, at: str, maker: Maker, said: dict[str, str | None]) -> Event:
    return Event(name, maker.attributes({f"boardhand.{key}": text for key, text in said.items()}), _time(at))


def _time(at: str) -> int:
    return nanoseconds(parse_time(at))


def _calls(events: Sequence[AnyEvent], maker: Maker, job: str, over: Over) -> Iterator[ReadableSpan]:
    spec, fallen = over.written.pool.spec if over.written.pool else None, dict[str, str]()
    for place, event in enumerate(events):
        if isinstance(event, FellBack):
            fallen[event.model] = event.fallback
        elif isinstance(event, Step):
            yield from _step(event, maker, [*stage_path(job, Stage.AGENT.value), str(place)], spec, fallen)


def _step(
    step: Step, maker: Maker, path: list[str], spec: CodingAgentSpec | None, fallen: dict[str, str]
) -> Iterator[ReadableSpan]:
    """The step is told once its tools are done: they ran one after the other, right before."""
    tools = [_seconds(took) for took in step.tool_seconds]
    answered = parse_time(step.at) - timedelta(seconds=sum(tools))
    asked = answered - timedelta(seconds=_seconds(step.seconds))
    agent = path[:-1]
    yield _chat(step, maker, path, agent, spec, fallen, asked, answered)
    for number, call in enumerate(step.calls):
        until = answered + timedelta(seconds=tools[number] if number < len(tools) else 0.0)
        yield _tool(step, number, call, maker, path, answered, until)
        answered = until


def _seconds(told: float) -> float:
    """What no clock can have told counts for nothing."""
    return told if 0 <= told <= _DAY else 0.0


def _chat(
    step: Step,
    maker: Maker,
    path: list[str],
    agent: list[str],
    spec: CodingAgentSpec | None,
    fallen: dict[str, str],
    asked: datetime,
    answered: datetime,
) -> ReadableSpan:
    asked_first = model_of(step.role, spec)
    name = fallen.get(asked_first, asked_first)
    model = _named(name, spec)
    said = [{"role": "assistant", "parts": [{"type": "text", "content": maker.clean(step.text)}]}]
    about = {
        gen_ai.GEN_AI_OPERATION_NAME: "chat",
        gen_ai.GEN_AI_PROVIDER_NAME: _PROVIDERS[model.provider] if model else None,
        gen_ai.GEN_AI_REQUEST_MODEL: name,
        gen_ai.GEN_AI_USAGE_INPUT_TOKENS: step.usage.prompt_tokens,
        gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: step.usage.completion_tokens,
        gen_ai.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: step.usage.cached_tokens,
        gen_ai.GEN_AI_OUTPUT_MESSAGES: maker.content(json.dumps(said)),
        "server.address": urlsplit(model.base_url).hostname if model and model.base_url else None,
        "boardhand.node": step.role,
        "boardhand.step": step.number,
        "boardhand.cost_dollars": None if step.usage.money is None else float(step.usage.money),
    }
    return maker.span(path, agent, f"chat {name}", asked, answered, about, kind=SpanKind.CLIENT)


def _tool(
    step: Step, number: int, call: str, maker: Maker, path: list[str], since: datetime, until: datetime
) -> ReadableSpan:
    name, _, arguments = call.partition(" ")
    outcome = step.outcomes[number] if number < len(step.outcomes) else ""
    about = {
        gen_ai.GEN_AI_OPERATION_NAME: "execute_tool",
        gen_ai.GEN_AI_TOOL_NAME: name[:_NAME],
        gen_ai.GEN_AI_TOOL_TYPE: "function",
        gen_ai.GEN_AI_TOOL_CALL_ARGUMENTS: maker.content(arguments),
        gen_ai.GEN_AI_TOOL_CALL_RESULT: maker.content(step.results[number] if number < len(step.results) else None),
        "boardhand.step": step.number,
    }
    error = "" if outcome in ("", "done") else outcome
    at = [*path, str(number)]
    return maker.span(at, path[:-1], f"execute_tool {name[:_NAME]}", since, until, about, error=error)


def _named(name: str, spec: CodingAgentSpec | None) -> PlainModel | None:
    if spec is None:
        return None
    sizes = [model for model in (spec.models.large, spec.models.small) if model]
    models: list[PlainModel] = [*sizes, *(model.fallback for model in sizes if model.fallback)]
    return next((model for model in models if model.name == name), None)

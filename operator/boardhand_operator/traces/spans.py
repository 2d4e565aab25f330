"""Pure: the spans of a try that is over, and of its run where that ended. `calls` has those of models and tools.

ticket                     from the run's creation to its outcome; links to earlier attempts
└── run                    from its first Job
    ├── checkout
    ├── invoke_agent …     the agent stage
    │   ├── chat …         a model's answer
    │   └── execute_tool … what it called for
    ├── publish
    └── verify
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from boardhand_api.pod import Stage
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.decide.timing import stage_times
from boardhand_operator.observing.afterwards import Over
from boardhand_operator.traces.ids import RUN, TICKET, context_of

SCOPE = InstrumentationScope("boardhand_operator")
Attributes = Mapping[str, str | int | float | bool | None]
Clean = Callable[[str], str]


@dataclass(frozen=True)
class Maker:
    """Makes the spans of one run."""

    uid: str
    resource: Resource
    clean: Clean
    """Takes secrets out of each text that leaves the operator."""
    contents: bool
    """Whether what people and models wrote goes along."""

    def span(
        self,
        path: Sequence[str],
        parent: Sequence[str] | None,
        name: str,
        since: datetime,
        until: datetime,
        attributes: Attributes,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        error: str = "",
        events: Sequence[Event] = (),
        links: Sequence[Link] = (),
    ) -> ReadableSpan:
        """error: one word for why it failed; empty: it did not."""
        said = {**attributes, "error.type": error or None}
        return ReadableSpan(
            name=self.clean(name),
            context=context_of(self.uid, *path),
            parent=context_of(self.uid, *parent) if parent else None,
            resource=self.resource,
            attributes=self.attributes(said),
            events=events,
            links=links,
            kind=kind,
            status=Status(StatusCode.ERROR, error) if error else Status(),
            start_time=nanoseconds(since),
            end_time=nanoseconds(max(since, until)),
            instrumentation_scope=SCOPE,
        )

    def attributes(self, given: Attributes) -> dict[str, Any]:
        """Those that are known, without secrets."""
        known = {name: value for name, value in given.items() if value is not None and value != ""}
        return {name: self.clean(value) if isinstance(value, str) else value for name, value in known.items()}

    def content(self, text: str | None) -> str | None:
        """The text, where contents go along."""
        return text if self.contents else None


def nanoseconds(moment: datetime) -> int:
    """Since 1970, as OpenTelemetry counts."""
    return int(moment.timestamp() * 1_000_000) * 1000


def run_spans(over: Over, maker: Maker, earlier: Iterable[str]) -> list[ReadableSpan]:
    """Ticket and run, once the outcome is recorded. earlier: UIDs of the ticket's runs before this one."""
    after, body = over.change.after, over.written.after
    if not over.change.ended or after.finished_at is None:
        return []
    until = parse_time(after.finished_at)
    error = after.failure.failure_class.value if after.failure else ""
    links = [Link(context_of(uid, TICKET)) for uid in earlier]
    about = {**_about(body), **_ticket(body, maker), "boardhand.run.phase": over.change.phase.value}
    spans = [maker.span([TICKET], None, "ticket", over.change.created, until, about, error=error, links=links)]
    if after.started_at:
        told = {
            **_about(body),
            "boardhand.run.reason": after.failure.reason if after.failure else None,
            "boardhand.run.message": maker.content(after.failure.message if after.failure else None),
            "boardhand.run.tries": after.tries,
            "boardhand.run.branch": after.branch,
            "boardhand.run.commit": after.commit,
            "boardhand.verdict.passed": after.verdict.passed if after.verdict else None,
            "boardhand.cost_dollars": float(after.usage.money) if after.usage and after.usage.money else None,
        }
        spans.append(maker.span([RUN], [TICKET], "run", parse_time(after.started_at), until, told, error=error))
    return spans


def stage_spans(over: Over, maker: Maker, events: Sequence[Event]) -> list[ReadableSpan]:
    """The stages of the try that is over, by the kubelet's word. events: of the agent's."""
    job = over.change.before.job
    if not over.change.try_ended or job is None:
        return []
    spans = []
    for stage in stage_times(None, over.written.pod):
        if not (stage.started_at and stage.finished_at):
            continue
        agent = stage.name == Stage.AGENT.value
        about = {
            **_about(over.written.after),
            "boardhand.stage": stage.name,
            "boardhand.try": over.change.before.tries,
            "boardhand.exit_code": stage.exit_code,
            **(_agent(over) if agent else {}),
        }
        name = f"invoke_agent {_specialist(over)}".strip() if agent else stage.name
        error = str(stage.exit_code) if stage.exit_code else ""
        since, until = parse_time(stage.started_at), parse_time(stage.finished_at)
        at = stage_path(job, stage.name)
        spans.append(maker.span(at, [RUN], name, since, until, about, error=error, events=events if agent else ()))
    return spans


def stage_path(job: str, stage: str) -> list[str]:
    """Where a stage of a try stands: a Job is named after the run and its try."""
    return ["stage", job, stage]


def _about(body: Mapping[str, Any]) -> Attributes:
    meta = body["metadata"]
    return {
        "k8s.namespace.name": meta["namespace"],
        "boardhand.pool": body["spec"].get("pool"),
        "boardhand.run.name": meta["name"],
        "boardhand.run.uid": meta["uid"],
        "boardhand.run.attempt": int(body["spec"].get("attempt") or 1),
    }


def _ticket(body: Mapping[str, Any], maker: Maker) -> Attributes:
    ticket = body["spec"]["ticket"]
    return {
        "boardhand.ticket.id": ticket.get("id"),
        "boardhand.ticket.key": ticket.get("key"),
        "boardhand.ticket.url": ticket.get("url"),
        "boardhand.ticket.title": maker.content(ticket.get("title")),
    }


def _specialist(over: Over) -> str:
    return over.change.after.specialist or ""


def _agent(over: Over) -> Attributes:
    used = over.change.used
    return {
        gen_ai.GEN_AI_OPERATION_NAME: "invoke_agent",
        gen_ai.GEN_AI_AGENT_NAME: _specialist(over),
        gen_ai.GEN_AI_CONVERSATION_ID: over.written.after["metadata"]["uid"],
        gen_ai.GEN_AI_USAGE_INPUT_TOKENS: used.prompt_tokens,
        gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: used.completion_tokens,
    }

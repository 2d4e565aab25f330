"""`boardhand logs`: the transcript of a run, readable."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from boardhand_api.counts import printable
from boardhand_api.pod import Stage
from boardhand_cli import past, session
from boardhand_cli.completing import run_names
from boardhand_cli.printing import duration, money, out, shown
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.session import Context, Kubeconfig
from boardhand_cli.visiting import HistoryUrl, Namespace, Visit, run_name
from boardhand_client.errors import NotThere
from boardhand_client.following import follow_stage
from boardhand_client.reading import newest_pod, run_of
from boardhand_client.session import Session
from boardhand_client.steps import Call, End, Entry, Line, Note, StepRow, entries, entry

_LOG_BYTES = 16 * 1024 * 1024
_INDENT = " " * 14
_ALARMS = ("nudged", "fallback", "anew")


class Form(StrEnum):
    """How a transcript is printed."""

    TEXT = "text"
    JSON = "json"


def logs(
    run: Annotated[str, typer.Argument(help="Name of the run.", autocompletion=run_names)],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run is finished.")] = False,
    stage: Annotated[Stage, typer.Option(help="Whose log; the others' is printed line by line.")] = Stage.AGENT,
    output: Annotated[Form, typer.Option("--output", "-o", help="json: one entry a line.")] = Form.TEXT,
    history: HistoryUrl = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Show what the agent did: each step with its tools, arguments, results, tokens and money."""
    visit = Visit(kubeconfig, context, namespace)
    session.run(_shown(visit, run_name(run), follow, stage, output, history))


async def _shown(visit: Visit, run: str, follow: bool, stage: Stage, form: Form, history: str | None) -> None:
    console, spent = out(), 0.0
    waiting = session.console().status(f"waiting for the log of run {run}" if follow else "reading the log")
    async with visit.session() as person:
        waiting.start()
        try:
            entries = _entries(person, visit.within(person), run, follow, stage, history)
            first = await anext(entries, None)
        finally:
            waiting.stop()
        async for one in _again(first, entries):
            if form is Form.JSON:
                sys.stdout.write(json.dumps(_document(one)) + "\n")
                sys.stdout.flush()
                continue
            spent += (one.money or 0) if isinstance(one, StepRow) else 0
            for line in lines_of(one, spent):
                console.print(line, soft_wrap=True)


async def _entries(
    person: Session, namespace: str, run: str, follow: bool, stage: Stage, history: str | None
) -> AsyncIterator[Entry]:
    try:
        lines = follow_stage(person, namespace, run, stage) if follow else _whole(person, namespace, run, stage)
        async for line in lines:
            if line.strip():
                yield entry(line) if stage is Stage.AGENT else Line(printable(line))
    except NotThere as gone:
        if history is None or stage is not Stage.AGENT:
            raise
        told = await past.told(history, namespace, run)
        if told is None or told.transcript.data is None:
            raise Problem(Exit.CLUSTER, f"{gone}; the history has no transcript of it either") from None
        for one in entries(told.transcript.read()):
            yield one


async def _again(first: Entry | None, rest: AsyncIterator[Entry]) -> AsyncIterator[Entry]:
    if first is not None:
        yield first
        async for one in rest:
            yield one


async def _whole(person: Session, namespace: str, run: str, stage: Stage) -> AsyncIterator[str]:
    """The log so far of the present or last try. Raises NotThere."""
    await run_of(person, namespace, run)
    pod = await newest_pod(person, namespace, run)
    if pod is None:
        raise NotThere(f"run {run} has no pod (not yet, or not any more), so there is no log of it")
    log = await person.whole_log(namespace, pod["metadata"]["name"], stage.value, _LOG_BYTES)
    if not log:
        raise NotThere(f"stage {stage.value} of run {run} has no log (yet): boardhand logs {run} -f waits for it")
    for line in log.split("\n"):
        yield line


def _document(one: Entry) -> dict[str, object]:
    kind = {StepRow: "step", Note: "note", End: "result", Line: "line"}[type(one)]
    return {"entry": kind} | dataclasses.asdict(one)


def lines_of(one: Entry, spent: float = 0) -> Iterator[Text]:
    """An entry as lines. spent: US dollars up to it."""
    match one:
        case StepRow():
            used = f"{one.prompt_tokens:,} + {one.completion_tokens:,} tokens"
            cost = "" if one.money is None else f"  {money(one.money)} of {money(spent)}"
            yield shown(f"{_time(one.at)} {one.number:>3}  {one.role}  {used}{cost}  {duration(one.seconds)}", "bold")
            yield from _indented(one.text)
            for call in one.calls:
                yield from _call(call)
        case Note():
            yield shown(f"{_time(one.at)}      {one.text}", "red" if one.kind in _ALARMS else "bold")
        case End():
            yield from _end(one)
        case Line():
            yield shown(one.text)


def _call(call: Call) -> Iterator[Text]:
    yield Text.assemble(_INDENT, shown(call.tool, "cyan"), " ", shown(call.arguments))
    took = "" if call.seconds is None else f" in {call.seconds:.2f} s"
    style = "dim" if call.outcome in ("done", "") else "red"
    head = f"{_INDENT}→ {call.outcome or 'answered'}{took}"
    first, *rest = call.result.split("\n")
    yield shown(f"{head}  {first}", style)
    for line in rest:
        yield shown(f"{_INDENT}  {line}", style)


def _end(end: End) -> Iterator[Text]:
    state = "handed over unfinished" if end.partial else "ended" if end.failure else "finished"
    yield shown(f"{_time(end.at)}      {state}: {end.failure or end.title}", "red" if end.failure else "green")
    used = f"{end.prompt_tokens:,} + {end.completion_tokens:,} tokens"
    yield shown(f"{_INDENT}{end.steps} steps  {used}  {money(end.money)}  {duration(end.seconds)}")
    yield from _indented(end.summary)


def _indented(text: str) -> Iterator[Text]:
    for line in text.splitlines():
        yield shown(f"{_INDENT}{line}")


def _time(at: str) -> str:
    return at[11:19] or " " * 8

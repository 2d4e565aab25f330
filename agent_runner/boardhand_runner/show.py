"""`boardhand-runner show`: an agent's log as text for a person. Pure, but for reading the file and writing the text."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from boardhand_api.events import Anew, Ended, Event, FellBack, Nudged, Resumed, Routed, Started, Step, parse_event
from boardhand_api.result import Result, Usage

COLUMNS, MOST_COLUMNS = 110, 200
"""The width where there is no terminal, and the widest where there is one."""
INDENT = " " * 14
BOLD, DIM, RED, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"


def add_parser(subcommands: Any) -> None:
    """The subcommand `show`."""
    sub = subcommands.add_parser("show", help="print an agent's log as text", description=__doc__)
    sub.add_argument("file", type=Path, metavar="FILE", help="the agent's log (JSON Lines), or - for standard input")
    sub.set_defaults(call=lambda arguments: show(arguments.file))


def show(file: Path) -> int:
    """Print the log; 2 where it cannot be read or holds no event."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8", "replace")
    except OSError as error:
        sys.stderr.write(f"boardhand-runner show: {file} cannot be read: {error.strerror}\n")
        return 2
    terminal = sys.stdout.isatty()
    columns = min(shutil.get_terminal_size((COLUMNS, 0)).columns, MOST_COLUMNS) if terminal else COLUMNS
    events = [event for line in text.splitlines() if (event := parse_event(line)) is not None]
    if not events:
        sys.stderr.write(f"boardhand-runner show: {file} holds no event: give the log of a run's agent stage\n")
        return 2
    for line in lines_of(events, columns, colour=terminal):
        sys.stdout.write(line + "\n")
    return 0


def lines_of(events: Iterable[Event], columns: int, *, colour: bool = False) -> Iterator[str]:
    """The log as lines of at most `columns` characters, apart from the colours."""
    for event in events:
        for style, line in _event(event):
            cut = _plain(line)
            cut = cut if len(cut) <= columns else cut[: columns - 1] + "…"
            yield f"{style}{cut}{PLAIN}" if colour and style else cut


def _event(event: Event) -> Iterator[tuple[str, str]]:
    at = event.at[11:19]
    match event:
        case Started():
            yield BOLD, f"{at}  run {event.run}"
        case Routed():
            yield BOLD, f"{at}  goes to the {event.specialist}: {event.reason}"
        case Step():
            yield from _step(at, event)
        case Nudged():
            yield RED, f"{at}      {event.by} says {event.reason}: {event.text}"
        case FellBack():
            yield RED, f"{at}      {event.model} gives way to {event.fallback} ({event.reason}): {event.text}"
        case Resumed():
            yield BOLD, f"{at}  resumed at step {event.step}: {event.node or 'all was done'}"
        case Anew():
            yield RED, f"{at}  starts anew: {event.text}"
        case Ended():
            yield from _result(at, event.result)


def _step(at: str, step: Step) -> Iterator[tuple[str, str]]:
    yield BOLD, f"{at} {step.number:>3}  {step.role}  {_used(step.usage, step.seconds)}"
    if step.text:
        yield "", f"{INDENT}{step.text}"
    about = zip_longest(step.calls, step.results, step.outcomes, step.tool_seconds)
    for call, result, outcome, seconds in about:
        yield "", f"{INDENT}{call or '(call not shown)'}"
        if result is not None:
            digest, _, head = result.partition(" ")
            took = "" if seconds is None else f" in {seconds:.2f} s"
            yield DIM, f"{INDENT}→ {outcome or ''}{took} {digest} {head}"


def _result(at: str, result: Result) -> Iterator[tuple[str, str]]:
    failure, commit = result.failure, (result.commit or "")[:12]
    if failure is not None:
        yield RED, f"{at}  ended as {failure.failure_class}/{failure.reason}: {failure.message}"
    state = "handed over unfinished" if result.partial else "finished" if failure is None else "nothing handed over"
    yield BOLD, f"{at}  {state}{f', commit {commit}' if commit else ''}: {result.title}"
    yield "", f"{INDENT}{_used(result.usage, result.usage.seconds)}, {result.steps} steps"
    for line in result.summary.splitlines():
        yield "", f"{INDENT}{line}"


def _used(usage: Usage, seconds: float) -> str:
    money = "" if usage.money is None else f"  ${usage.money:.4f}"
    cached = f" ({usage.cached_tokens} cached)" if usage.cached_tokens else ""
    return f"{usage.prompt_tokens}{cached} + {usage.completion_tokens} tokens{money}  {seconds:.1f} s"


def _plain(text: str) -> str:
    """On one line, and without what a terminal would take for a command: models and programs wrote this."""
    return "".join(sign if sign.isprintable() else "⏎" if sign == "\n" else "·" for sign in text)

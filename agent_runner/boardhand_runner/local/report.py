"""What `boardhand-runner run` prints."""

from __future__ import annotations

import json
import sys

from boardhand_api.counts import parse_verify_message
from boardhand_api.events import Anew, Event, FellBack, Nudged, Resumed, Routed, Step
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Result

LINE = 110


def say(text: str) -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def event(happened: Event | None) -> None:
    """One event of the agent, in a line or a few."""
    match happened:
        case Routed():
            say(f"   goes to the {happened.specialist}: {happened.reason}")
        case Step() if happened.role not in ("route", "describe"):
            for line in ([happened.text] if happened.text else []) + happened.calls:
                say(f"{happened.number:3}  {_short(line)}")
        case Nudged():
            say(f"     {happened.by} says {happened.reason}: {_short(happened.text)}")
        case FellBack():
            say(f"     {happened.model} gives way to {happened.fallback}: {happened.reason}")
        case Resumed():
            say(f"   resumed at step {happened.step}: {happened.node or 'all was done'}")
        case Anew():
            say(f"   starts anew: {_short(happened.text)}")


def failed(stage: Stage, answer: Result | Checked | Published | None, code: int) -> int:
    """A stage that ended the run; its exit code."""
    refusal = answer.failure if answer is not None else None
    why = f"{refusal.failure_class}/{refusal.reason}: {refusal.message}" if refusal else "it broke down, see above."
    say(f"\nThe {stage} stage ended the run with {code}. {why}")
    if isinstance(answer, Result):
        say(used(answer))
    return code


def answered(result: Result) -> int:
    """An analysis: its text is the outcome."""
    say(f"\n{result.summary}\n\n{used(result)}")
    return 0


def proved(result: Result, order: Order, target: str, code: int, message: str) -> None:
    """A change and its verdict."""
    outcomes, tests = parse_verify_message(message)
    commands = [outcome for outcome in outcomes if not outcome.setup]
    say(f"\n{result.title}\n\n{result.summary}\n")
    say(
        f"Verdict   {'passed' if code == 0 else f'RED (exit code {code})'}{', handed over unfinished' * result.partial}"
    )
    if result.failure is not None:
        say(f"Ended by  {result.failure.failure_class}/{result.failure.reason}: {result.failure.message}")
    for outcome in commands:
        say(f"          {order.verify[outcome.index - 1]}  exit code {outcome.exit_code}")
    if tests is not None:
        say(f"Tests     {tests.ran} ran, {tests.failed} failed, {tests.skipped} skipped")
    say(f"Branch    {order.branch} in {target}, commit {(result.commit or '')[:12]}")
    say(f"          git fetch {target} {order.branch}")
    say(used(result))


def came(order: Order, target: str, code: int) -> None:
    """Where the change is, for a program: the last line."""
    about = {"base": order.base_branch, "branch": order.branch, "repository": target, "exitCode": code}
    say(json.dumps({"event": "proved", **about}))


def used(result: Result) -> str:
    """Tokens, money and time in a line."""
    usage = result.usage
    money = "price not known" if usage.money is None else f"${usage.money:.4f}"
    tokens = (
        f"{usage.prompt_tokens} prompt ({usage.cached_tokens} cached) and {usage.completion_tokens} completion tokens"
    )
    return f"Used      {tokens}, {money}, {result.steps} steps, {usage.seconds:.1f} s"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE else line[: LINE - 1] + "…"

"""The verify commands in the workbench: before the work as its baseline, after it as its gate."""

from __future__ import annotations

import asyncio

from langgraph.runtime import Runtime

from boardhand_api.counts import count_tests
from boardhand_api.result import TestCounts
from boardhand_api.run import Task
from boardhand_runner.errors import Configuration
from boardhand_runner.state import Check, Context, State
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.command import ending, told
from boardhand_runner.workbench import CommandResult

NOT_FOUND, NOT_EXECUTABLE = 127, 126
SHOWN_CHARACTERS = 8000


async def baseline(state: State, runtime: Runtime[Context]) -> State:  # noqa: ARG001 - a node's signature
    """Sets the workbench up and sees what the verify commands say before anything is changed.

    Raises Configuration where the pool's commands cannot work: no ticket is to blame for that.
    """
    context = runtime.context
    if context.order.task is Task.ANALYSE:
        return {}
    await context.bench.open()
    results = await _results(context)
    _demand_found(results)
    await asyncio.to_thread(context.repository.settle)
    return {"baseline": judged(results, context.order.require_tests)}


async def checked(context: Context) -> Check:
    """The verify commands' outcome on the work tree as it is."""
    return judged(await _results(context), context.order.require_tests)


async def _results(context: Context) -> list[tuple[str, CommandResult]]:
    """In order, up to the first that fails."""
    results: list[tuple[str, CommandResult]] = []
    for command in context.order.verify:
        seconds = context.order.limits.command_timeout_seconds
        result = await context.bench.run(command, seconds)
        if result.lost:
            # Once more: a workbench that broke down says nothing about the work.
            result = await context.bench.run(command, seconds)
        results.append((command, result))
        if results[-1][1].exit_code != 0:
            break
    return results


def _demand_found(results: list[tuple[str, CommandResult]]) -> None:
    command, last = results[-1]
    if last.exit_code in (NOT_FOUND, NOT_EXECUTABLE):
        raise Configuration(
            "VerifyCommandMissing",
            f"Verify command `{command}` ended with {last.exit_code} on the untouched repository: the workbench image"
            f" does not have it. Mend spec.workbench. Output: {bounded(last.text.strip(), 400)}",
        )


def judged(results: list[tuple[str, CommandResult]], require_tests: bool) -> Check:
    """Green where every command ended with 0, and no known count says that no test ran at all."""
    text = "\n\n".join(f"$ {command}\n{told(result, SHOWN_CHARACTERS)}" for command, result in results)
    counts = _total([count_tests(result.text) for _, result in results])
    command, last = results[-1]
    if last.exit_code != 0:
        return Check(False, text, f"`{command}`: {ending(last)}", counts)
    if require_tests and counts is not None and counts.ran == 0:
        return Check(False, text, "no test ran, and a run without tests proves nothing", counts)
    return Check(True, text, "", counts)


def _total(counts: list[TestCounts | None]) -> TestCounts | None:
    known = [count for count in counts if count is not None]
    if not known:
        return None
    return TestCounts(
        ran=sum(count.ran for count in known),
        failed=sum(count.failed for count in known),
        skipped=sum(count.skipped for count in known),
    )

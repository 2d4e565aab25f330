"""The verify commands in the workbench: before the work as its baseline, after it as its gate."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain

from langgraph.runtime import Runtime

from boardhand_api.counts import count_tests
from boardhand_api.result import TestCounts
from boardhand_runner.errors import Configuration, ToolError
from boardhand_runner.evidence.compare import Measured, flaky_names, no_new_failure
from boardhand_runner.evidence.junit import read_junit
from boardhand_runner.evidence.reports import TestReport, read_output, report_of
from boardhand_runner.report_files import fresh_reports
from boardhand_runner.settings import Settings
from boardhand_runner.state import Check, Context, State
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.command import ending, told
from boardhand_runner.tools.worktree import Confined
from boardhand_runner.workbench import CommandResult

NOT_FOUND, NOT_EXECUTABLE = 127, 126
SHOWN_CHARACTERS = 8000
LOG_BYTES = 4_000_000
"""So much of a log's head, and of its tail, is read for the tests' names."""


@dataclass(frozen=True)
class Ran:
    """One verify command that was run."""

    command: str
    result: CommandResult
    report: TestReport
    counts: TestCounts | None = None
    """As all of the output tells them, not only what is shown of it."""


async def baseline(state: State, runtime: Runtime[Context]) -> State:  # noqa: ARG001 - a node's signature
    """Sets the workbench up and sees what the verify commands say before anything is changed.

    Raises Configuration where the pool's commands cannot work: no ticket is to blame for that.
    """
    context = runtime.context
    if context.order.task.reads_only:
        return {}
    await context.bench.open()
    results = await _results(context)
    _demand_found(results)
    await asyncio.to_thread(context.repository.settle)
    return {"baseline": judged(results, context.order.require_tests)}


async def checked(context: Context, before: Check | None = None) -> Check:
    """The verify commands' outcome on the work tree as it is, against the one `before` the change where that is given.

    The command that fails is run once more, unless all its failures were there before.
    """
    results = await _results(context)
    check = judged(results, context.order.require_tests)
    if before is None or check.green:
        return check
    if not _as_before(before, check) and results[-1].result.exit_code:
        results, flaky = await _once_more(context, results)
        check = replace(judged(results, context.order.require_tests), flaky=tuple(sorted(flaky)))
    return replace(check, as_before=_as_before(before, check))


def _as_before(before: Check, check: Check) -> bool:
    return bool(before.measured and check.measured and no_new_failure(before.measured, check.measured))


async def _once_more(context: Context, results: list[Ran]) -> tuple[list[Ran], frozenset[str]]:
    """The results with the last command run again, and those after it where it passes now; what was flaky."""
    first, again = results[-1], await _ran(context, results[-1].command)
    rest = await _results(context, len(results)) if again.result.exit_code == 0 else []
    flaky = flaky_names(first.report, again.report)
    if again.result.exit_code == 0:
        flaky = first.report.failed or frozenset({first.command})
    return [*results[:-1], again, *rest], flaky


async def _results(context: Context, start: int = 0) -> list[Ran]:
    """In order, up to the first that fails."""
    results: list[Ran] = []
    for command in context.order.verify[start:]:
        results.append(await _ran(context, command))
        if results[-1].result.exit_code != 0:
            break
    return results


async def _ran(context: Context, command: str) -> Ran:
    seconds, since = context.order.limits.command_timeout_seconds, time.time()
    result = await context.bench.run(command, seconds)
    if result.lost:
        # Once more: a workbench that broke down says nothing about the work.
        result = await context.bench.run(command, seconds)
    return await asyncio.to_thread(_told, context.settings, command, result, since)


def _told(settings: Settings, command: str, result: CommandResult, since: float) -> Ran:
    """With the tests by name: from the files that the command wrote, else from its output."""
    written = report_of(chain.from_iterable(map(read_junit, fresh_reports(settings.work, since))))
    output = _output(settings, result)
    return Ran(command, result, written or read_output(output), count_tests(output))


def _output(settings: Settings, result: CommandResult) -> str:
    """All that the command put out, within bounds."""
    try:
        with Confined(settings.exec).open(result.log.name) as log:
            size = os.fstat(log).st_size
            data = os.pread(log, LOG_BYTES, 0)
            if size > LOG_BYTES:
                data += b"\n" + os.pread(log, LOG_BYTES, max(LOG_BYTES, size - LOG_BYTES))
    except ToolError:
        # What runs in the workbench may remove its own log.
        return result.text
    return data.decode("utf-8", "replace")


def _demand_found(results: list[Ran]) -> None:
    command, last = results[-1].command, results[-1].result
    if last.exit_code in (NOT_FOUND, NOT_EXECUTABLE):
        raise Configuration(
            "VerifyCommandMissing",
            f"Verify command `{command}` ended with {last.exit_code} on the untouched repository: the workbench image"
            f" does not have it. Mend spec.workbench. Output: {bounded(last.text.strip(), 400)}",
        )


def judged(results: list[Ran], require_tests: bool) -> Check:
    """Green where every command ended with 0, and no known count says that no test ran at all."""
    text = "\n\n".join(f"$ {ran.command}\n{told(ran.result, SHOWN_CHARACTERS)}" for ran in results)
    counts = _total([ran.counts for ran in results])
    command, last = results[-1].command, results[-1].result
    failed = ""
    if last.exit_code != 0:
        failed = f"`{command}`: {ending(last)}"
    elif require_tests and counts is not None and counts.ran == 0:
        failed = "no test ran, and a run without tests proves nothing"
    report = reduce(TestReport.plus, (ran.report for ran in results))
    measured = Measured(not failed, len(results) - 1, counts.ran if counts else None, report)
    return Check(not failed, text, failed, counts, measured, broken=last.exit_code is None)


def _total(counts: list[TestCounts | None]) -> TestCounts | None:
    known = [count for count in counts if count is not None]
    if not known:
        return None
    return TestCounts(
        ran=sum(count.ran for count in known),
        failed=sum(count.failed for count in known),
        skipped=sum(count.skipped for count in known),
    )

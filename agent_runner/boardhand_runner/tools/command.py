"""Commands in the workbench, and how their results are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from boardhand_runner.tools.bounds import RESULT_CHARACTERS, bounded

if TYPE_CHECKING:
    from boardhand_runner.usage import Ledger
    from boardhand_runner.workbench import CommandResult, Workbench


async def execute(workbench: Workbench, ledger: Ledger, command: str, seconds: float) -> CommandResult:
    """Run it within `seconds` and what is left of the run. Raises Deadline where nothing is left after it."""
    ledger.check_time()
    result = await asyncio.to_thread(workbench.run, command, min(seconds, ledger.seconds_left))
    ledger.check_time()
    return result


def told(result: CommandResult, characters: int = RESULT_CHARACTERS) -> str:
    """The result for a model. Times are left out: the same outcome shall read the same."""
    output = bounded(result.text.strip(), characters, str(result.log)) or "(no output)"
    return f"{ending(result)}\n{output}"


def ending(result: CommandResult) -> str:
    """How the command ended, in a few words."""
    if result.timed_out:
        return "ended by the harness: it took too long"
    if result.flooded:
        return "ended by the harness: it put out too much"
    if result.lost:
        return "lost: the workbench was started again meanwhile; mostly that is out of memory"
    return f"exit code {result.exit_code}"

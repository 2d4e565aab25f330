"""Commands in the workbench, and how their results are told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from boardhand_runner.errors import Configuration
from boardhand_runner.texts import as_on_a_screen
from boardhand_runner.tools.bounds import RESULT_CHARACTERS, bounded

if TYPE_CHECKING:
    from boardhand_runner.usage import Ledger
    from boardhand_runner.workbench import CommandResult, Commands

SETUP_CHARACTERS = 600


class Bench:
    """The workbench within the run's time, set up again whenever it was lost."""

    def __init__(self, workbench: Commands, ledger: Ledger, setup: Sequence[str]) -> None:
        self._workbench = workbench
        self._ledger = ledger
        self._setup = setup
        self._lost = False

    async def open(self) -> None:
        """Waits until it serves, and sets it up. Raises what `run` and the workbench raise."""
        await asyncio.to_thread(self._workbench.wait_ready)
        await self._set_up()

    async def run(self, command: str, seconds: float) -> CommandResult:
        """Run it within `seconds`.

        Raises Deadline where the run's time is over before or after it, Configuration where a new set-up fails.
        """
        await self.set_up_again()
        return await self._execute(command, seconds)

    async def set_up_again(self) -> None:
        """Where it was lost: what setup put outside the work tree went with the container. Raises what `run` raises."""
        if self._lost:
            await self._set_up()

    def renew(self) -> None:
        """Set it up before the next command: it is not the container that an earlier pod of the run had set up."""
        self._lost = True

    async def _set_up(self) -> None:
        for command in self._setup:
            result = await self._execute(command, self._ledger.seconds_left)
            if result.exit_code != 0:
                said = bounded(result.text.strip(), SETUP_CHARACTERS)
                raise Configuration("SetupFailed", f"Setup command `{command}`: {ending(result)}. Output: {said}")

    async def _execute(self, command: str, seconds: float) -> CommandResult:
        self._ledger.check_time()
        result = await asyncio.to_thread(self._workbench.run, command, min(seconds, self._ledger.seconds_left))
        self._ledger.check_time()
        self._lost = result.lost
        return result


def told(result: CommandResult, characters: int = RESULT_CHARACTERS) -> str:
    """The result for a model. Times are left out: the same outcome shall read the same."""
    output = bounded(as_on_a_screen(result.text).strip(), characters, str(result.log)) or "(no output)"
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

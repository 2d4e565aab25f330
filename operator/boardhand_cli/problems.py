"""What ends a command, and with which exit code."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; docs/cli.md lists them."""

    USAGE = 2
    """The command line is wrong (Typer's own code)."""
    INPUT = 3
    """A value, a file or a sealed text cannot be taken."""
    CLUSTER = 4
    """The cluster cannot be reached, refuses, or lacks what is asked for."""
    REFUSED = 5
    """It would break something."""


class Problem(Exception):
    """A sentence for people that says what is wrong and what to do; never a secret."""

    def __init__(self, code: Exit, text: str) -> None:
        super().__init__(text)
        self.code = code

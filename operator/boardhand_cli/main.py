"""The program `boardhand`: every command, and the one place where they end."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from boardhand_cli import keys, session
from boardhand_cli.acts import cancel, resume, retry, suspend
from boardhand_cli.dashboard import dashboard
from boardhand_cli.diff import diff
from boardhand_cli.doctor import doctor
from boardhand_cli.init import init
from boardhand_cli.logs import logs
from boardhand_cli.printing import plain
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.runs import runs
from boardhand_cli.seal import seal
from boardhand_cli.try_ import try_
from boardhand_cli.watching import watch
from boardhand_operator.redacting import install

# Typer's own tracebacks can show the values of variables.
app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)
_THEMES: dict[str, tuple[Callable[..., None], ...]] = {
    "Runs and pools": (runs, watch, logs, diff, retry, cancel, suspend, resume, dashboard),
    "Setting up": (init, doctor),
}
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
for theme, commands in _THEMES.items():
    for command in commands:
        app.command(rich_help_panel=theme)(command)
app.command("try", rich_help_panel="Setting up")(try_)
app.command(rich_help_panel="Credentials")(seal)
app.add_typer(keys.app, name="keys", rich_help_panel="Credentials")


@app.callback()
def boardhand() -> None:
    """Boardhand, for people who run pools. `kubectl boardhand` is the same program."""


def main() -> None:
    """The console script. Exit codes: docs/cli.md."""
    _streams()
    install(session.redactor)
    try:
        app()
    except Problem as problem:
        # It may quote an argument, the API server or a board.
        session.console().print(f"boardhand: {plain(problem)}", markup=False)
        sys.exit(problem.code)
    except OSError as wrong:
        if wrong.errno not in _UNWRITABLE:
            raise
        session.console().print(f"boardhand: what is printed cannot be written: {wrong.strerror}", markup=False)
        # What is left of it would be tried once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.INPUT)


def _streams() -> None:
    """Where a shell closed one, nothing is read, and what is written goes nowhere. Letters that the output's encoding
    does not know are spelt out."""
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open()
    sys.stdout, sys.stderr = sys.stdout or nowhere.open("w"), sys.stderr or nowhere.open("w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")

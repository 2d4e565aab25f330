"""The program `boardhand`: every command, and the one place where they end."""

from __future__ import annotations

import sys

import typer

from boardhand_cli import keys, session
from boardhand_cli.doctor import doctor
from boardhand_cli.problems import Problem
from boardhand_cli.seal import seal
from boardhand_operator.redacting import install

# Typer's own tracebacks can show the values of variables.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(seal)
app.command()(doctor)
app.add_typer(keys.app, name="keys")


@app.callback()
def boardhand() -> None:
    """Boardhand, for people who run pools."""


def main() -> None:
    """The console script. Exit codes: docs/credentials.md."""
    install(session.redactor)
    try:
        app()
    except Problem as problem:
        session.console().print(f"boardhand: {problem}", markup=False)
        sys.exit(problem.code)

"""`boardhand init`: a pool from answers, each tried as it is given."""

from __future__ import annotations

import os
import stat
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from boardhand_cli import session
from boardhand_cli.cluster import Where
from boardhand_cli.drafting import written
from boardhand_cli.pool_questions import PoolQuestions
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.questions import Questions
from boardhand_cli.session import NAMESPACE, SECRET, Context, KeyFile, Kubeconfig, OperatorNamespace, Secret
from boardhand_operator.sealed.keyring import Unusable


class Credentials(StrEnum):
    """How credentials are written."""

    SECRET = "secret"  # noqa: S105 (no secret)
    SEALED = "sealed"


def init(
    name: Annotated[str | None, typer.Argument(help="The pool's.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="The pool's.")] = None,
    board: Annotated[str | None, typer.Option(help="As spec.board.board: an id, a key, or owner/name.")] = None,
    board_type: Annotated[str | None, typer.Option(help="Such as trello, jira, github; - for none.")] = None,
    board_url: Annotated[str | None, typer.Option(help="The server's, where it is not the vendor's.")] = None,
    ready: Annotated[str | None, typer.Option(help="Column whose tickets are taken.")] = None,
    in_progress: Annotated[str | None, typer.Option(help="Column for work.")] = None,
    review: Annotated[str | None, typer.Option(help="Column for review.")] = None,
    failed: Annotated[str | None, typer.Option(help="Column for failed tickets; - for none.")] = None,
    repository: Annotated[str | None, typer.Option(help="Clone address.")] = None,
    branch: Annotated[str | None, typer.Option(help="That work starts from.")] = None,
    forge_type: Annotated[str | None, typer.Option(help="Such as github, gitlab, gitea.")] = None,
    forge_url: Annotated[str | None, typer.Option(help="The server's, where it is not the vendor's.")] = None,
    provider: Annotated[str | None, typer.Option(help="openai, mistral, google or anthropic.")] = None,
    base_url: Annotated[str | None, typer.Option(help="The model server's, with its version.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the large model.")] = None,
    image: Annotated[str | None, typer.Option(help="Toolchain image of the workbench.")] = None,
    verify: Annotated[list[str] | None, typer.Option(metavar="COMMAND", help="May be repeated.")] = None,
    credential: Annotated[
        list[str] | None, typer.Option(metavar="PLACE.KEY=FILE", help="Such as board.token=token.txt; repeated.")
    ] = None,
    credentials: Annotated[Credentials, typer.Option(help="How they are written.")] = Credentials.SECRET,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Absent: standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take flags and defaults.")] = False,
    trials: Annotated[bool, typer.Option("--trials/--no-trials", help="Try each answer.")] = True,
    key_file: KeyFile = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
    secret: Secret = SECRET,
) -> None:
    """Ask for a pool's parts, try each answer, and write its YAML.

    Every question has a flag of its name; --yes asks none. A value that is secret comes from a file, or is typed
    without being shown.
    """
    if output and output.exists() and not force:
        raise Problem(Exit.REFUSED, f"{output} is there: give --force to replace it, or another name")
    given = {
        **{"NAME": name, "--namespace": namespace, "--board": board, "--board-type": board_type},
        **{"--board-url": board_url, "--ready": ready, "--in-progress": in_progress, "--review": review},
        **{"--failed": failed, "--repository": repository, "--branch": branch, "--forge-type": forge_type},
        **{"--forge-url": forge_url, "--provider": provider, "--base-url": base_url, "--model": model},
        **{"--image": image},
    }
    questions = Questions(given, credential or (), quiet=yes)
    draft = PoolQuestions(questions, trials).draft(verify or [])
    sealing = credentials is Credentials.SEALED
    ring = session.ring_of(key_file, Where(kubeconfig, context, operator_namespace, secret)) if sealing else None
    try:
        text = written(draft.documents(ring))
    except Unusable as wrong:
        raise Problem(Exit.INPUT, str(wrong)) from None
    _write(text, output)
    apply = f"kubectl apply -f {output}; " if output else ""
    session.console().print(f"next: {apply}boardhand doctor -n {draft.namespace} {draft.name}", markup=False)


def _write(text: str, output: Path | None) -> None:
    """Readable by its owner alone: it may hold Secrets."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                # One that was there keeps its mode.
                os.fchmod(handle, 0o600)
            stream.write(text)
    except OSError as wrong:
        raise Problem(Exit.INPUT, f"{output} cannot be written: {wrong.strerror}") from None

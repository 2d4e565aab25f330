"""What all commands share: options, what is printed where, and secrets that must not be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from boardhand_cli.cluster import Where, connected
from boardhand_cli.problems import Exit, Problem
from boardhand_operator.redacting import Redactor
from boardhand_operator.sealed.keyring import Keyring, Unusable

T = TypeVar("T")
Kubeconfig = Annotated[str | None, typer.Option(help="Kubeconfig file; absent: as kubectl finds it.")]
Context = Annotated[str | None, typer.Option(help="Context of the kubeconfig; absent: the current one.")]
OperatorNamespace = Annotated[str, typer.Option(help="Namespace of the operator.")]
Secret = Annotated[str, typer.Option(help="Secret with the keys.")]
KeyFile = Annotated[
    Path | None, typer.Option(help="File with the keys, one a line, the newest first; absent: the cluster's Secret.")
]
NAMESPACE, SECRET = "boardhand", "boardhand-sealing"
INTERRUPTED = 130
"""The exit code after Ctrl-C."""
redactor = Redactor()
"""Of this process: `main` has it clean whatever goes to standard error."""


def console() -> Console:
    """For people, on standard error: standard output is for what a program may read. Without colour in a pipe."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Carry it out; Ctrl-C ends it with the code that shells expect."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def known(ring: Keyring) -> Keyring:
    """The keys, which nothing that is printed may hold from now on."""
    redactor.know_own({key.id: key.text for key in ring.keys})
    return ring


def ring_of(key_file: Path | None, where: Where) -> Keyring:
    """The keys of the file, else of the cluster. Raises Problem."""
    if key_file is None:
        return known(run(_ring(where)))
    try:
        return known(Keyring.parse(key_file.read_text()))
    except (Unusable, OSError, UnicodeDecodeError) as wrong:
        said = str(wrong) if isinstance(wrong, Unusable) else type(wrong).__name__
        raise Problem(Exit.INPUT, f"{key_file} cannot be used: {said}") from None


async def _ring(where: Where) -> Keyring:
    async with connected(where) as cluster:
        return await cluster.ring()

"""What the commands for pools and runs share: whose rights, which namespace, and how a refusal ends the program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from boardhand_cli.problems import Exit, Problem
from boardhand_client.errors import Busy, Rejected, SessionError
from boardhand_client.session import Session

Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="Namespace; absent: the context's.")]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="All that you may list.")]
HistoryUrl = Annotated[
    str | None,
    typer.Option(
        envvar="BOARDHAND_HISTORY", metavar="URL", help="Database of the history, for what the cluster let go of."
    ),
]


@dataclass(frozen=True)
class Visit:
    """Which cluster, as whom, and where in it."""

    kubeconfig: str | None
    context: str | None
    namespace: str | None = None

    def within(self, session: Session) -> str:
        """The namespace that is meant."""
        return self.namespace or session.namespace

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session with the kubeconfig's rights. Raises Problem for whatever the cluster refuses meanwhile."""
        with problems():
            async with await Session.kubeconfig(self.kubeconfig, self.context) as session:
                yield session


@contextmanager
def problems() -> Iterator[None]:
    """Has a session's refusals end the program with their sentence and exit code."""
    try:
        yield
    except SessionError as wrong:
        refused = isinstance(wrong, Rejected) and not isinstance(wrong, Busy)
        raise Problem(Exit.REFUSED if refused else Exit.CLUSTER, str(wrong)) from None


def run_name(text: str) -> str:
    """NAME of NAME, run/NAME or ticketrun/NAME. Raises Problem."""
    kind, name = kind_and_name(text)
    if kind != "run":
        raise Problem(Exit.USAGE, f"a run is asked for, such as {name}, and not {text}")
    return name


def kind_and_name(text: str) -> tuple[str, str]:
    """`run` or `pool`, and the name: of NAME (a run), run/NAME, pool/NAME, or the kinds' own names. Raises Problem."""
    kind, slash, name = text.rpartition("/")
    found = _KINDS.get(kind.lower().partition(".")[0]) if slash else "run"
    if found is None or not name:
        raise Problem(Exit.USAGE, f"that is neither NAME, run/NAME nor pool/NAME: {text[:80]}")
    return found, name


_KINDS = {
    "run": "run",
    "ticketrun": "run",
    "ticketruns": "run",
    "pool": "pool",
    "codingagent": "pool",
    "codingagents": "pool",
}

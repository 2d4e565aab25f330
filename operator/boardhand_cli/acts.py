"""`boardhand retry`, `cancel`, `suspend` and `resume`: what is done to runs and pools, with the rights of who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from boardhand_cli import session
from boardhand_cli.completing import both_names, run_names, unfinished_runs
from boardhand_cli.printing import out, plain, shown
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.session import Context, Kubeconfig
from boardhand_cli.visiting import Namespace, Visit, kind_and_name, run_name
from boardhand_client import acting
from boardhand_client.session import Session

What = Annotated[
    list[str],
    typer.Argument(metavar="NAME...", help="run/NAME, NAME of a run, or pool/NAME.", autocompletion=both_names),
]


def retry(
    run: Annotated[str, typer.Argument(help="Name of a finished run.", autocompletion=run_names)],
    money: Annotated[str | None, typer.Option(metavar="USD", help="What the attempt may use, such as 2.50.")] = None,
    say: Annotated[
        str, typer.Option(metavar="TEXT", help="Told to the agent, such as the answer to its question.")
    ] = "",
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Begin the next attempt at a finished run's ticket. Its name is printed.

    It sees what the earlier ones learnt, and the ticket as it was; a ticket on a board is claimed and moved as always.
    Asked for twice it is begun once.
    """
    amount = _amount(money)

    async def act(person: Session, where: str) -> str:
        done = await acting.retry(person, where, run_name(run), amount, say)
        word = "begun" if done.made else "was begun before"
        _note(f"attempt {done.attempt} of {done.most} {word}{f'; {done.waits}' if done.waits else ''}")
        return done.name

    _act(Visit(kubeconfig, context, namespace), "beginning the next attempt", act)


def cancel(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Names.", autocompletion=unfinished_runs)],
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """End runs now. A branch that was pushed is left alone, and the ticket is told."""
    for run in runs:

        async def act(person: Session, where: str, name: str = run_name(run)) -> str:
            await acting.cancel(person, where, name)
            return f"run/{name} is told to stop"

        _act(Visit(kubeconfig, context, namespace), f"cancelling {run}", act)


def suspend(names: What, namespace: Namespace = None, kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Have pools take no further ticket, or waiting runs not begin. What is at work goes on."""
    _suspend(Visit(kubeconfig, context, namespace), names, suspended=True)


def resume(names: What, namespace: Namespace = None, kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Have suspended pools take tickets, and suspended runs begin, again."""
    _suspend(Visit(kubeconfig, context, namespace), names, suspended=False)


def _suspend(visit: Visit, names: list[str], *, suspended: bool) -> None:
    word = "suspended" if suspended else "resumed"
    for kind, name in [kind_and_name(one) for one in names]:

        async def act(person: Session, where: str, kind: str = kind, name: str = name) -> str:
            if kind == "pool":
                await acting.suspend_pool(person, where, name, suspended)
            else:
                await acting.suspend_run(person, where, name, suspended)
            return f"{kind}/{name} is {word}"

        _act(visit, f"{kind}/{name}", act)


def _act(visit: Visit, doing: str, act: Callable[[Session, str], Awaitable[str]]) -> None:
    """Do it, and print what was done."""

    async def done() -> str:
        async with visit.session() as person:
            return await act(person, visit.within(person))

    with session.console().status(shown(doing)):
        said = session.run(done())
    out().print(shown(said), soft_wrap=True)


def _amount(text: str | None) -> Decimal | None:
    try:
        found = None if text is None else Decimal(text.removeprefix("$"))
    except InvalidOperation:
        found = Decimal("NaN")
    if found is not None and not found.is_finite():
        raise Problem(Exit.USAGE, "--money is an amount in US dollars, such as 2.50")
    return found


def _note(text: str) -> None:
    session.console().print(plain(text), markup=False)

"""`boardhand retry`, `cancel`, `suspend` and `resume`: what is done to runs and pools, with the rights of who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
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


Act = Callable[[Session, str], Awaitable[str]]
"""Does something in a namespace, and says what was done."""


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
    """End runs now. A branch that was pushed is left alone, and the ticket is told.

    One that cannot be ended is said, and keeps no other from it.
    """

    def one(name: str) -> Act:
        async def act(person: Session, where: str) -> str:
            await acting.cancel(person, where, name)
            return f"run/{name} is told to stop"

        return act

    names = [run_name(run) for run in runs]
    _each(Visit(kubeconfig, context, namespace), [(f"cancelling {name}", one(name)) for name in names])


def suspend(names: What, namespace: Namespace = None, kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Have pools take no further ticket, or waiting runs not begin. What is at work goes on."""
    _suspend(Visit(kubeconfig, context, namespace), names, suspended=True)


def resume(names: What, namespace: Namespace = None, kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Have suspended pools take tickets, and suspended runs begin, again."""
    _suspend(Visit(kubeconfig, context, namespace), names, suspended=False)


def _suspend(visit: Visit, names: list[str], *, suspended: bool) -> None:
    word = "suspended" if suspended else "resumed"

    def one(kind: str, name: str) -> Act:
        async def act(person: Session, where: str) -> str:
            if kind == "pool":
                await acting.suspend_pool(person, where, name, suspended)
            else:
                await acting.suspend_run(person, where, name, suspended)
            return f"{kind}/{name} is {word}"

        return act

    _each(visit, [(f"{kind}/{name}", one(kind, name)) for kind, name in map(kind_and_name, names)])


def _each(visit: Visit, acts: Sequence[tuple[str, Act]]) -> None:
    """Do all of them; what is wrong with the last one that fails ends the program."""
    wrong: Problem | None = None
    for doing, act in acts:
        try:
            _act(visit, doing, act)
        except Problem as problem:
            if wrong:
                _note(f"boardhand: {wrong}")
            wrong = problem
    if wrong:
        raise wrong


def _act(visit: Visit, doing: str, act: Act) -> None:
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

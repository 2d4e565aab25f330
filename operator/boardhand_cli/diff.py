"""`boardhand diff`: what a run pushed."""

from __future__ import annotations

from typing import Annotated

import typer

from boardhand_cli import past, session
from boardhand_cli.completing import run_names
from boardhand_cli.printing import out, shown
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.session import Context, Kubeconfig
from boardhand_cli.visiting import HistoryUrl, Namespace, Visit, run_name
from boardhand_client.diffs import Diff, read_diff
from boardhand_client.errors import NotThere
from boardhand_client.reading import run_of
from boardhand_client.rows import RunRow

_STYLES = {"+++": "bold", "---": "bold", "diff": "bold", "@@": "cyan", "+": "green", "-": "red"}


def diff(
    run: Annotated[str, typer.Argument(help="Name of the run.", autocompletion=run_names)],
    history: HistoryUrl = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Show what the run changed, as git does, from its pod; or from the history, once that is gone."""
    visit = Visit(kubeconfig, context, namespace)
    with session.console().status("reading the diff"):
        found = session.run(_found(visit, run_name(run), history))
    console = out()
    for line in found.text.removesuffix("\n").split("\n"):
        style = next((style for sign, style in _STYLES.items() if line.startswith(sign)), "")
        console.print(shown(line, style), soft_wrap=True)
    if found.cut:
        session.console().print("the change is larger than what is kept of it: see its branch", markup=False)


async def _found(visit: Visit, run: str, history: str | None) -> Diff:
    """Raises Problem where there is none, with where else it is to be seen."""
    async with visit.session() as person:
        namespace = visit.within(person)
        try:
            row = RunRow.of(await run_of(person, namespace, run))
            if kept := await read_diff(person, namespace, run):
                return kept
        except NotThere:
            if history is None:
                raise
            row = None
    if history and (told := await past.told(history, namespace, run)) and told.diff.data is not None:
        return Diff(told.diff.read(), told.diff.kept.value != "whole")
    raise Problem(Exit.CLUSTER, _nothing(run, row))


def _nothing(run: str, row: RunRow | None) -> str:
    if row is None:
        return f"neither the cluster nor the history has a diff of run {run}"
    if not row.phase.finished:
        return f"run {run} has not pushed anything yet ({row.phase.value})"
    if row.pull_request:
        return f"the pod of run {run} is gone, and with it the diff: its pull request is {row.pull_request}"
    if row.branch:
        return f"the pod of run {run} is gone, and with it the diff: its branch is {row.branch}"
    return f"run {run} pushed nothing ({row.phase.value})"

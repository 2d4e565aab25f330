"""`boardhand doctor`: what is wrong with an installation and its pools, with the fix for each."""

from __future__ import annotations

import dataclasses
import json
import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from boardhand_cli import session
from boardhand_cli.printing import out, shown, table
from boardhand_cli.session import NAMESPACE, Context, Kubeconfig, OperatorNamespace
from boardhand_client.errors import SessionError
from boardhand_client.trials import Reach
from boardhand_client.trials.asking import Asking
from boardhand_client.trials.checks import Report, examine
from boardhand_client.trials.finding import Finding
from boardhand_client.trials.gathering import Asked, Progress, gather

FOUND = 1
"""The exit code where something is wrong."""


class Output(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


def doctor(
    pools: Annotated[list[str] | None, typer.Argument(metavar="[POOL]...", help="Absent: all.")] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option("--namespace", "-n", help="Of the pools, may be repeated; absent: all that you may see."),
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How it is printed.")] = Output.TABLE,
    trials: Annotated[
        bool,
        typer.Option(
            "--trials/--no-trials", help="Ask boards, forges, git, models and registries, with one cheap call each."
        ),
    ] = True,
    certificates: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM bundle that boards, forges and models are checked with.")
    ] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
) -> None:
    """Say what is wrong, and the fix for each: the cluster, the operator, rights, and the pools with all they name.

    Nothing is changed or written. The exit code is 0 where nothing is wrong, and 1 where something is.
    """
    asked = Asked(namespace or (), pools or (), operator_namespace, trials, version("boardhand"))
    with session.console().status("looking at the cluster") as status:
        report = session.run(
            _looked(kubeconfig, context, asked, Reach(certificates), lambda what: status.update(f"looking at {what}"))
        )
    _print(report, output)
    if report.findings:
        raise typer.Exit(FOUND)


async def _looked(
    kubeconfig: str | None, context: str | None, asked: Asked, reach: Reach, progress: Progress
) -> Report:
    """A cluster that cannot be asked is the finding."""
    try:
        async with await Asking.kubeconfig(kubeconfig, context) as kube:
            return examine(await gather(kube, asked, reach, progress))
    except SessionError as wrong:
        fix = "kubectl version  # with the same --kubeconfig and --context"
        return Report([Finding("cluster", "the cluster", str(wrong), fix)], [])


def _print(report: Report, output: Output) -> None:
    found: dict[str, Any] = {
        "findings": [dataclasses.asdict(one) for one in report.findings],
        "notLookedAt": [dataclasses.asdict(one) for one in report.unseen],
    }
    if output is Output.JSON:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif output is Output.YAML:
        sys.stdout.write(yaml.safe_dump(found, sort_keys=False, width=110))
    else:
        _table(report)


def _table(report: Report) -> None:
    """Not in columns: a command that is broken up cannot be copied."""
    console = out()
    if not report.findings:
        console.print("nothing is wrong")
    for one in report.findings:
        console.print(shown(f"{one.check:<16}{one.about}", "bold"), soft_wrap=True)
        console.print(shown(f"  found         {one.found}"), soft_wrap=True)
        console.print(shown(f"  fix           {one.fix}", "green"), soft_wrap=True)
    if report.unseen:
        rows = [(shown(one.check), shown(one.about), shown(one.why)) for one in report.unseen]
        console.print()
        console.print(table([("NOT LOOKED AT", False), ("OF", False), ("WHY", False)], rows))

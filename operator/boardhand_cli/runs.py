"""`boardhand runs`: what there is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from boardhand_api.run_status import Phase
from boardhand_cli import printing, session
from boardhand_cli.completing import pool_names
from boardhand_cli.printing import Output, lines, run_cells, run_heads, table
from boardhand_cli.session import Context, Kubeconfig
from boardhand_cli.visiting import AllNamespaces, Namespace, Visit
from boardhand_client.reading import newest
from boardhand_client.rows import RunRow
from boardhand_operator.kube import Resource

Pool = Annotated[str | None, typer.Option(help="Only runs of this pool.", autocompletion=pool_names)]
Phases = Annotated[
    list[Phase] | None, typer.Option(case_sensitive=False, help="Only runs of this phase; may be repeated.")
]


def runs(
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    pool: Pool = None,
    phase: Phases = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How it is printed.")] = Output.TABLE,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """List runs, the newest first."""
    visit = Visit(kubeconfig, context, namespace)
    whole = output in (Output.JSON, Output.YAML)
    with session.console().status("listing runs"):
        rows, bodies, where = session.run(_listed(visit, all_namespaces, pool, frozenset(phase or Phase), whole))
    if whole:
        printing.objects([bodies[(row.namespace, row.name)] for row in rows], output)
    elif rows:
        now, wide = datetime.now(UTC), output is Output.WIDE
        heads = run_heads(wide=wide, namespaces=all_namespaces)
        cells = (run_cells(row, now, wide=wide, namespaces=all_namespaces) for row in rows)
        if sys.stdout.isatty():
            printing.out().print(table(heads, cells))
        else:
            sys.stdout.write("".join(f"{line}\n" for line in lines(heads, cells)))
    else:
        session.console().print(f"no such runs in {where}", markup=False)


async def _listed(
    visit: Visit, everywhere: bool, pool: str | None, phases: frozenset[Phase], whole: bool
) -> tuple[list[RunRow], dict[tuple[str, str], Any], str]:
    """The rows, their objects where those are wanted, and where was looked."""
    rows: list[RunRow] = []
    bodies: dict[tuple[str, str], Any] = {}

    def keep(body: dict[str, Any]) -> None:
        row = RunRow.of(body)
        if row.phase in phases and pool in (None, row.pool):
            rows.append(row)
            if whole:
                bodies[(row.namespace, row.name)] = body

    async with visit.session() as person:
        where = None if everywhere else visit.within(person)
        await person.snapshot(Resource.RUNS, where, keep)
    return sorted(rows, key=newest, reverse=True), bodies, f"namespace {where}" if where else "any namespace"

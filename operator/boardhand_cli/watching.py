"""`boardhand watch`: runs as they change, at a terminal as a table that keeps itself up to date."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.text import Text

from boardhand_cli import session
from boardhand_cli.completing import run_names
from boardhand_cli.printing import out, plain, run_cells, run_heads, shown, table
from boardhand_cli.runs import Phases, Pool
from boardhand_cli.session import Context, Kubeconfig
from boardhand_cli.visiting import AllNamespaces, Namespace, Visit, run_name
from boardhand_client.errors import NotThere
from boardhand_client.reading import Key, Live, live_runs, newest
from boardhand_client.rows import RunRow
from boardhand_client.sentences import phase as sentence

_DRAWN_SECONDS = 0.25
"""Between two drawings at least: a burst of changes is one."""
_AGES_SECONDS = 5.0
"""Ages grow while nothing else happens."""


class Wanted:
    """Which runs are shown."""

    def __init__(self, name: str | None, pool: str | None, phases: Iterable[str] | None) -> None:
        self._name, self._pool, self._phases = name, pool, frozenset(phases or ())

    def __call__(self, row: RunRow) -> bool:
        fits = not self._phases or row.phase in self._phases
        return fits and self._pool in (None, row.pool) and self._name in (None, row.name)


def watch(
    run: Annotated[
        str | None, typer.Argument(help="Only this run, until it is finished.", autocompletion=run_names)
    ] = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    pool: Pool = None,
    phase: Phases = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Show runs as they change: at a terminal a live table, in a pipe one line for each change.

    Those that are not finished come first. Ctrl-C ends it; with RUN it ends by itself once that is finished.
    """
    name = run_name(run) if run else None
    visit, wanted = Visit(kubeconfig, context, namespace), Wanted(name, pool, phase)
    session.run(_watched(visit, None if all_namespaces else visit.namespace, all_namespaces, name, wanted))


async def _watched(visit: Visit, where: str | None, everywhere: bool, name: str | None, wanted: Wanted) -> None:
    async with visit.session() as person:
        live = live_runs(person, None if everywhere else where or person.namespace, name or "")
        if sys.stdout.isatty():
            await _drawn(live, wanted, everywhere, name)
        else:
            await _told(live, wanted, everywhere, name)


async def _told(live: Live[RunRow], wanted: Wanted, everywhere: bool, name: str | None) -> None:
    """A line for each change."""
    console, said = out(), ""
    async for changed in live.follow():
        for key in sorted(changed):
            row = live.rows.get(key)
            if row is None or wanted(row):
                console.print(_line(key, row, everywhere))
        if live.broken and live.broken != said:
            session.console().print(f"waiting: {plain(live.broken)}", markup=False)
        said = live.broken
        if _over(live, name):
            return


def _line(key: Key, row: RunRow | None, everywhere: bool) -> Text:
    at = datetime.now(UTC).strftime("%H:%M:%S")
    about = "/".join(key) if everywhere else key[1]
    return shown(f"{at}  {about}  {f'{row.phase.value}  {sentence(row)}' if row else 'Deleted'}")


def _over(live: Live[RunRow], name: str | None) -> bool:
    """Whether the one run that is watched is finished. Raises NotThere where there is none."""
    if name is None or live.broken:
        return False
    rows = list(live.rows.values())
    if not rows:
        raise NotThere(f"there is no TicketRun {name}: boardhand runs lists them")
    return rows[0].phase.finished


async def _drawn(live: Live[RunRow], wanted: Wanted, everywhere: bool, name: str | None) -> None:
    """A table that is drawn anew with what changes, at most four times a second."""
    console, fresh = out(), asyncio.Event()
    following = asyncio.create_task(_follow(live, fresh, name))
    with Screen(console=console, auto_refresh=False, transient=False) as screen:
        while not following.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGES_SECONDS):
                    await fresh.wait()
            fresh.clear()
            screen.update(drawing(live, wanted, everywhere, console), refresh=True)
            await asyncio.sleep(_DRAWN_SECONDS)
        screen.update(drawing(live, wanted, everywhere, console), refresh=True)
    await following


async def _follow(live: Live[RunRow], fresh: asyncio.Event, name: str | None) -> None:
    try:
        async for _ in live.follow():
            fresh.set()
            if _over(live, name):
                return
    finally:
        fresh.set()


def drawing(live: Live[RunRow], wanted: Wanted, everywhere: bool, console: Console) -> RenderableType:
    """What fits on the terminal: first what is not finished, each the newest first, and how many there are."""
    rows = sorted(filter(wanted, live.rows.values()), key=newest, reverse=True)
    rows.sort(key=lambda row: row.phase.finished)
    busy = sum(not row.phase.finished for row in rows)
    room = max(1, console.height - 4)
    heads, now = run_heads(wide=False, namespaces=everywhere), datetime.now(UTC)
    cells = [run_cells(row, now, wide=False, namespaces=everywhere) for row in rows[:room]]
    more = f", {len(rows) - room} more not shown" if len(rows) > room else ""
    about = shown(f"{len(rows)} runs, {busy} not finished{more}", "dim")
    broken = [shown(f"waiting: {live.broken}", "red")] if live.broken else []
    return Group(about, table(heads, cells), *broken)

"""Names of runs and pools for the shell's completion, from the cluster; none where it does not answer soon."""

from __future__ import annotations

import asyncio

import typer

from boardhand_cli.problems import Problem
from boardhand_cli.visiting import Visit
from boardhand_client import reading
from boardhand_client.errors import SessionError

_SECONDS = 3
_MOST = 200


def run_names(context: typer.Context, incomplete: str) -> list[str]:
    """Runs, the newest first."""
    return _asked(context, incomplete, "run")


def unfinished_runs(context: typer.Context, incomplete: str) -> list[str]:
    """Runs that have not ended."""
    return _asked(context, incomplete, "unfinished")


def pool_names(context: typer.Context, incomplete: str) -> list[str]:
    """Pools."""
    return _asked(context, incomplete, "pool")


def both_names(context: typer.Context, incomplete: str) -> list[str]:
    """pool/NAME and run/NAME."""
    pools = [f"pool/{name}" for name in _asked(context, "", "pool")]
    runs = [f"run/{name}" for name in _asked(context, "", "unfinished")]
    return [name for name in [*pools, *runs] if name.startswith(incomplete)]


def _asked(context: typer.Context, incomplete: str, what: str) -> list[str]:
    given = context.params
    visit = Visit(given.get("kubeconfig"), given.get("context"), given.get("namespace"))
    try:
        names = asyncio.run(_names(visit, what))
    except (Problem, SessionError, TimeoutError):
        # A message would stand in the middle of the line that is typed.
        return []
    return [name for name in names if name.startswith(incomplete)][:_MOST]


async def _names(visit: Visit, what: str) -> list[str]:
    async with asyncio.timeout(_SECONDS), visit.session() as session:
        where = visit.within(session)
        if what == "pool":
            return [pool.name for pool in await reading.pools(session, where)]
        rows = await reading.runs(session, where)
        return [row.name for row in rows if what == "run" or not row.phase.finished]

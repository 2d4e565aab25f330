"""The graph over one ticket, with everything its nodes work with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool

from boardhand_runner.graph import build
from boardhand_runner.models.asking import Asking
from boardhand_runner.nodes.kept import protected_of
from boardhand_runner.notes import read_notes, read_template
from boardhand_runner.repository import Repository
from boardhand_runner.routing import Routing
from boardhand_runner.settings import Settings
from boardhand_runner.state import Context, State
from boardhand_runner.surroundings import Surroundings
from boardhand_runner.tools.catalog import catalogs
from boardhand_runner.tools.command import Bench
from boardhand_runner.tools.files import WorkTree
from boardhand_runner.tools.jobs import Jobs
from boardhand_runner.tools.map import RepositoryMap

if TYPE_CHECKING:
    from boardhand_runner.persistence.journal import Journal

NODES_A_STEP = 4
"""Graph nodes that one answer of the large model may pass, gate included."""


async def work(
    settings: Settings,
    asking: Asking,
    routing: Routing,
    around: Surroundings,
    git: Sequence[BaseTool],
    pool: Mapping[str, Sequence[BaseTool]],
    last: State,
) -> None:
    """Runs the graph, and fills `last` with each of its states, so that a failure leaves the last one."""
    order, ledger = asking.order, asking.ledger
    bench = Bench(around.workbench, ledger, order.setup)
    jobs = Jobs(around.workbench, ledger, bench.set_up_again)
    seconds = order.limits.command_timeout_seconds
    maps, repository, tree = RepositoryMap(settings), Repository(settings), WorkTree(settings, protected_of(order))
    context = Context(
        **vars(asking),
        routing=routing,
        settings=settings,
        large=around.minds(order.large, settings.large_secret),
        bench=bench,
        jobs=jobs,
        repository=repository,
        map=maps,
        catalogs=catalogs(tree, maps, bench, seconds, git, pool, jobs),
        notes=read_notes(repository.at_base, order.workdir),
        template=read_template(repository.at_base),
        journal=_journal(settings) if order.persistent else None,
    )
    last["base"] = context.repository.base
    try:
        async for state in _states(context, {"recursion_limit": order.limits.steps * NODES_A_STEP + 20}):
            last.update(cast(State, state))
    finally:
        await jobs.close()


def _journal(settings: Settings) -> Journal:
    # Here and below: a run that ends with its pod pays for no import of what it does not use.
    from boardhand_runner.persistence.journal import Journal

    return Journal(settings)


def _states(context: Context, config: RunnableConfig) -> AsyncIterator[State | dict[str, Any]]:
    if context.order.persistent:
        from boardhand_runner.persistence.going_on import states

        return states(context, config)
    return build().astream({}, config, context=context, stream_mode="values")

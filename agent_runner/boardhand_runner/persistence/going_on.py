"""The graph from where an earlier pod of the run left it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import cast

from langchain_core.runnables import RunnableConfig

from boardhand_runner.graph import SPECIALISTS, build
from boardhand_runner.persistence.checkpoint import Latest, Unreadable, forget, opened, thread
from boardhand_runner.state import Context, State


async def states(context: Context, config: RunnableConfig) -> AsyncIterator[State]:
    """Each of the graph's states, the one that is gone on from first.

    Without a checkpoint that can be read the run starts at its base commit: what the work tree holds is then of no
    known origin, and a baseline measured on it would call the change's own failures old.
    """
    async with AsyncExitStack() as stack:
        graph = build(await _saver(stack, context))
        known = await graph.aget_state(thread(context.order.run))
        if not known.metadata or known.metadata.get("step", -1) < 0:
            # Nothing was finished: step -1 is the graph's entrance.
            await asyncio.to_thread(context.repository.start_over)
            entrance: State | None = {}
        else:
            # A task whose outcome is saved, though not yet in the state, is none of `next`.
            asked = bool(set(known.next) & set(SPECIALISTS))
            context.transcript.resumed(context.ledger.steps + asked, ", ".join(task.name for task in known.tasks))
            yield cast(State, known.values)
            if not known.tasks:
                return
            context.bench.renew()
            entrance = None
        config = config | thread(context.order.run)
        async for state in graph.astream(entrance, config, context=context, stream_mode="values", durability="sync"):
            yield cast(State, state)


async def _saver(stack: AsyncExitStack, context: Context) -> Latest:
    settings, run = context.settings, context.order.run
    try:
        return await stack.enter_async_context(opened(settings, run))
    except Unreadable as error:
        context.transcript.anew(f"{error} The run starts at its base commit.")
        forget(settings)
    return await stack.enter_async_context(opened(settings, run))

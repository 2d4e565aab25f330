"""Metrics and traces, as far as they are asked for. What is not asked for is not imported: it would cost memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from boardhand_operator.observing.afterwards import AfterTries, Sink

if TYPE_CHECKING:
    from boardhand_operator.app import App


@asynccontextmanager
async def watched(app: App) -> AsyncIterator[None]:
    """Watch the operator for as long as the block runs. Raises OSError where a port cannot be listened on."""
    asked = app.settings
    if not (asked.metrics or asked.otlp):
        yield
        return
    sinks: list[Sink] = []
    after = AfterTries(lambda: app.kube, sinks)
    app.observers.add(after)
    app.farewell = after.leave
    async with AsyncExitStack() as stack:
        if asked.metrics:
            from boardhand_operator.metrics.served import Metrics, serving

            metrics = Metrics(app, after.results)
            app.observers.add(metrics.counted)
            app.timed = metrics.counted.timed
            sinks.append(metrics.counted.over)
            await stack.enter_async_context(serving(metrics, asked.metrics, lambda: app.kube))
        if asked.otlp:
            from boardhand_operator.traces.sent import Traces

            who = asked.seat.identity if asked.seat else ""
            traces = Traces(asked.otlp, asked.certificates, lambda: app.kube, app.redactor, who)
            stack.callback(traces.close)
            sinks.append(traces.over)
        working = asyncio.create_task(after.run())
        try:
            yield
        finally:
            working.cancel()
            await asyncio.wait({working})

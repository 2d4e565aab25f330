"""A stage's log as it grows, of each try of a run until the run is finished. What it says is untrusted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from boardhand_api.pod import Stage
from boardhand_client.errors import Busy, NotThere, Unreachable
from boardhand_client.reading import newest_pod, run_of
from boardhand_client.rows import RunRow
from boardhand_client.session import Session
from boardhand_operator.kube import Json

_LOOK_SECONDS = 1.0
_WAITS = (0.5, 1.0, 2.0, 5.0, 5.0, 10.0, 10.0, 10.0)
"""Seconds before an API server that did not answer is asked again, once it had answered."""


async def follow_stage(session: Session, namespace: str, run: str, stage: Stage) -> AsyncIterator[str]:
    """A stage's lines as they are, of each try from the present one on, until the run is finished.

    Raises NotThere for no such run, and where it is finished and its pod gone; SessionError.
    """
    read: set[str] = set()
    waits: Sequence[float] = ()
    while True:
        finished, pod = await _state(session, namespace, run, waits)
        waits = _WAITS
        if pod is not None and pod["metadata"]["uid"] not in read and _begun(pod, stage):
            try:
                async for line in session.follow_log(namespace, pod["metadata"]["name"], stage.value):
                    yield line
                read.add(pod["metadata"]["uid"])
                continue
            except NotThere:
                # The kubelet has not made the file yet, or the pod went a moment ago.
                if finished:
                    raise
        if finished:
            if pod is None and not read:
                raise NotThere(f"run {run} is finished and its pod is gone, and with it its log")
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _state(session: Session, namespace: str, run: str, waits: Sequence[float]) -> tuple[bool, Json | None]:
    """Whether the run is finished, and its newest pod. Raises NotThere, and SessionError after so many waits."""

    async def asked() -> tuple[bool, Json | None]:
        finished = RunRow.of(await run_of(session, namespace, run)).phase.finished
        return finished, await newest_pod(session, namespace, run)

    for wait in waits:
        try:
            return await asked()
        except (Unreachable, Busy):
            await asyncio.sleep(wait)
    return await asked()


def _begun(pod: Json, stage: Stage) -> bool:
    status = pod.get("status") or {}
    rows = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    states = [row.get("state") or {} for row in rows if row["name"] == stage.value]
    return any("running" in state or "terminated" in state for state in states)

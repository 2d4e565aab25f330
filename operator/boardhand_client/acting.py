"""What a person does to runs and pools, with rights of their own. Each is safe to do twice."""

from __future__ import annotations

from boardhand_client.errors import NotThere, Rejected
from boardhand_client.reading import run_of
from boardhand_client.retrying import Retried as Retried
from boardhand_client.retrying import retry as retry
from boardhand_client.rows import RunRow
from boardhand_client.session import Session
from boardhand_operator.kube import Json, Resource


async def cancel(session: Session, namespace: str, run: str) -> RunRow:
    """End the run now; a run that is being ended already stays so. Raises NotThere, Rejected for one that is finished,
    and SessionError."""
    before = RunRow.of(await run_of(session, namespace, run))
    if before.cancel:
        return before
    if before.phase.finished:
        raise Rejected(f"run {run} is finished ({before.phase.value}): there is nothing to cancel")
    return RunRow.of(await _set(session, Resource.RUNS, namespace, run, {"cancel": True}))


async def suspend_run(session: Session, namespace: str, run: str, suspend: bool = True) -> RunRow:
    """Keep a run that waits from beginning, or let it. Raises NotThere, Rejected for a finished one, SessionError."""
    before = RunRow.of(await run_of(session, namespace, run))
    if before.phase.finished:
        raise Rejected(f"run {run} is finished ({before.phase.value}): it cannot be suspended or resumed")
    return RunRow.of(await _set(session, Resource.RUNS, namespace, run, {"suspend": suspend}))


async def suspend_pool(session: Session, namespace: str, pool: str, suspend: bool = True) -> None:
    """Have the pool take no further ticket, or take them again. Raises NotThere, and SessionError."""
    await _set(session, Resource.POOLS, namespace, pool, {"suspend": suspend})


async def _set(session: Session, resource: Resource, namespace: str, name: str, spec: Json) -> Json:
    body = await session.patch(resource, namespace, name, {"spec": spec})
    if body is None:
        kind = "TicketRun" if resource is Resource.RUNS else "CodingAgent"
        raise NotThere(f"there is no {kind} {name} in namespace {namespace}")
    return body

"""What a run's pods no longer tell: from the history, where there is one."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from boardhand_api.counts import printable
from boardhand_client.diffs import Diff, read_diff
from boardhand_client.errors import Refused
from boardhand_client.reading import run_of
from boardhand_client.steps import Entry, entries
from boardhand_dashboard.visitor import Visitor, visitor_of
from boardhand_history.models import Kept
from boardhand_history.queries import History, Search, Told
from boardhand_operator.kube import Resource


async def past_log(request: Request, namespace: str, name: str) -> list[Entry]:
    """The entries of the agent's log as they were recorded; none where they were not, or are not for the visitor.

    Raises SessionError, and the history's Unreachable.
    """
    told = await _told(request, namespace, name)
    return [] if told is None else await asyncio.to_thread(lambda: entries(told.transcript.read()))


async def diff_or_past(request: Request, namespace: str, name: str) -> Diff | None:
    """What the run pushed: as its pod tells, else as it was recorded. Raises as `past_log`."""
    try:
        found = await read_diff(visitor_of(request).session, namespace, name)
    except Refused:
        found = None
    told = await _told(request, namespace, name) if found is None else None
    if told is not None and (text := told.diff.read()):
        found = Diff(text, told.diff.kept is Kept.CUT)
    return found


async def past_uid(request: Request, namespace: str, name: str) -> str | None:
    """The uid of the last run that had this name, as it was recorded; None where there is none that may be seen.

    Raises as `past_log`.
    """
    history: History | None = getattr(request.app.state, "history", None)
    if history is None or not await visitor_of(request).rights.may("list", Resource.RUNS, namespace):
        return None
    found = await history.search([namespace], Search(name=printable(name)), limit=1)
    return found.rows[0].uid if found.rows else None


async def may_read_texts(visitor: Visitor, namespace: str) -> bool:
    """Whether recorded transcripts and diffs are for them: who may not read logs of pods may read no recorded ones."""
    asked = (("list", Resource.RUNS, ""), ("get", Resource.PODS, "log"))
    return all([await visitor.rights.may(verb, resource, namespace, sub=sub) for verb, resource, sub in asked])


async def _told(request: Request, namespace: str, name: str) -> Told | None:
    history: History | None = getattr(request.app.state, "history", None)
    visitor = visitor_of(request)
    if history is None or not await may_read_texts(visitor, namespace):
        return None
    body = await run_of(visitor.session, namespace, name)
    return await history.one([namespace], str(body["metadata"]["uid"]))

"""Which settled runs a pool lets go of. What came of them stands on the board and at the forge."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from boardhand_api.keeping import Retention
from boardhand_api.pod import LABEL_POOL, LABEL_SETTLED
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.names import label_value
from boardhand_operator.views import Pool

EVERY = timedelta(minutes=10)
AT_ONCE = 500
"""So many are deleted a sweep: the rest waits for the next one."""
Settled = tuple[str, str]
"""When a run was made, and its name: of very many no more is held."""
_log = logging.getLogger(__name__)


def expired(settled: Iterable[Settled], keep: Retention, now: datetime, spared: Collection[str]) -> list[str]:
    """Names of the runs to delete, the oldest first: beyond the pool's age or count.

    spared: names that stay whatever their age, since a ticket that is still in
    the ready column would be taken again for the event that made them.
    """
    oldest = now - timedelta(days=keep.days)
    newest_first = enumerate(sorted(settled, reverse=True))
    old = [name for at, (made, name) in newest_first if at >= keep.runs or parse_time(made) < oldest]
    return [name for name in reversed(old) if name not in spared]


async def sweep(kube: Kube, pool: Pool, now: datetime, spared: Collection[str]) -> int:
    """Delete what the pool does not keep, with its Jobs; how many. Only runs that a card made: others are not ours.

    Raises ApiException; what is left is left for the next sweep.
    """
    selector = f"{LABEL_SETTLED},{LABEL_POOL}={label_value(pool.name)}"
    listed = kube.metadata(Resource.RUNS, pool.namespace, selector)
    settled = [(str(body["metadata"]["creationTimestamp"]), str(body["metadata"]["name"])) async for body in listed]
    names = expired(settled, pool.spec.retention, now, spared)[:AT_ONCE]
    for name in names:
        await kube.delete(Resource.RUNS, pool.namespace, name)
    if names:
        _log.info("%s/%s: %d settled runs are deleted (spec.retention)", pool.namespace, pool.name, len(names))
    return len(names)

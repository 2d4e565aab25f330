"""Thousands of runs that are done, as they lie in etcd: copies of one that was truly worked to its end."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator

from testbed.bench.scale.etcd import etcd_of
from testbed.bench.scale.scene import NAMESPACE, RUNS, Scene
from testbed.load.api import Json
from testbed.shell import TestbedError, wait_for

_KEY = f"/registry/boardhand.dev/ticketruns/{NAMESPACE}/"
_BATCH = 100
"""Puts in one transaction: etcd takes 128."""
_SECONDS = 120


def example(stage: Scene) -> None:
    """One run, from its card to its pull request, so that there is something to copy. Its node is gone afterwards.

    The operator must work, and the cluster have pods."""
    (node,) = stage.cluster.add_nodes(1)
    stage.put_cards(1)
    asyncio.run(stage.play(1))
    stage.cluster.vanish(node)


def fill(stage: Scene, count: int) -> None:
    """Bring the runs that are done to so many.

    They are written to etcd itself, since to the API server they are thousands of requests.
    """
    with etcd_of(stage.cluster) as etcd:
        text = etcd.read(_KEY + stage.settled()[0]["metadata"]["name"])
        there = etcd.count(_KEY)
        for first in range(there, count, _BATCH):
            etcd.put(dict(_copies(json.loads(text), range(first, min(count, first + _BATCH)))))
        if (known := etcd.count(_KEY)) < count:
            raise TestbedError(f"etcd has {known} runs, not {count}")
    wait_for("the copies at the API server", lambda: _known(stage) >= count, _SECONDS)


def _copies(original: Json, numbers: range) -> Iterator[tuple[str, str]]:
    for number in numbers:
        name = f"retained-{number}"
        original["metadata"] |= {"name": name, "uid": str(uuid.uuid4())}
        original["spec"]["ticket"]["id"] = f"{number:024x}"
        yield _KEY + name, json.dumps(original, separators=(",", ":"))


def _known(stage: Scene) -> int:
    # With a selector the API server does not say how many are left.
    whole = stage.cluster.api.get(f"{RUNS}?limit=1")
    return len(whole["items"]) + int(whole["metadata"].get("remainingItemCount") or 0)

"""Thousands of runs that are done, as they lie in etcd: copies of one that was truly worked to its end."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Iterator

import httpx

from boardhand_api.pod import LABEL_SETTLED
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


def fill(stage: Scene, count: int) -> float:
    """Bring the runs that are done to so many; bytes that one of them has in etcd.

    They are written to etcd itself, since to the API server they are thousands of requests.
    """
    with httpx.Client(base_url=f"http://127.0.0.1:{stage.cluster.layout.etcd_port}", timeout=60) as etcd:
        original = stage.settled()[0]["metadata"]["name"]
        text = _read(etcd, _KEY + original)
        there = _count(etcd)
        for first in range(there, count, _BATCH):
            _put(etcd, dict(_copies(json.loads(text), range(first, min(count, first + _BATCH)))))
        if _count(etcd) != max(there, count):
            raise TestbedError(f"etcd has {_count(etcd)} runs, not {count}")
    wait_for("the copies at the API server", lambda: _known(stage) >= count, _SECONDS)
    return float(len(text))


def _copies(original: Json, numbers: range) -> Iterator[tuple[str, str]]:
    for number in numbers:
        name = f"retained-{number}"
        original["metadata"] |= {"name": name, "uid": str(uuid.uuid4())}
        original["spec"]["ticket"]["id"] = f"{number:024x}"
        yield _KEY + name, json.dumps(original, separators=(",", ":"))


def _known(stage: Scene) -> int:
    query = f"{RUNS}?limit=1&labelSelector={LABEL_SETTLED}"
    whole = stage.cluster.api.get(query.partition("&")[0])
    return len(whole["items"]) + int(whole["metadata"].get("remainingItemCount") or 0)


def _read(etcd: httpx.Client, key: str) -> str:
    found = etcd.post("/v3/kv/range", json={"key": _coded(key)}).raise_for_status().json()
    return base64.b64decode(found["kvs"][0]["value"]).decode()


def _count(etcd: httpx.Client) -> int:
    # The first key that does not begin with the prefix: its last character's successor.
    end = _KEY[:-1] + chr(ord(_KEY[-1]) + 1)
    asked = {"key": _coded(_KEY), "range_end": _coded(end), "count_only": True}
    return int(etcd.post("/v3/kv/range", json=asked).raise_for_status().json().get("count", 0))


def _put(etcd: httpx.Client, pairs: dict[str, str]) -> None:
    puts = [{"requestPut": {"key": _coded(key), "value": _coded(value)}} for key, value in pairs.items()]
    etcd.post("/v3/kv/txn", json={"success": puts}).raise_for_status()


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

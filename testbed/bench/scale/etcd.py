"""etcd itself, by its JSON gateway: reading and writing beside the API server.

Source: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from testbed.load import LoadCluster


class Etcd:
    """Keys and values as text."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def read(self, key: str) -> str:
        """The value of a key that is there."""
        found = self._asked("range", {"key": _coded(key)})["kvs"]
        return base64.b64decode(found[0]["value"]).decode()

    def count(self, prefix: str) -> int:
        """How many keys begin so."""
        return int(self._asked("range", _below(prefix) | {"count_only": True}).get("count", 0))

    def size(self, prefix: str) -> int:
        """Bytes of the keys that begin so and of their values."""
        found = self._asked("range", _below(prefix)).get("kvs", [])
        return sum(len(base64.b64decode(entry["key"])) + len(base64.b64decode(entry["value"])) for entry in found)

    def put(self, pairs: Mapping[str, str]) -> None:
        """Write these, all at once; etcd takes 128."""
        puts = [{"requestPut": {"key": _coded(key), "value": _coded(value)}} for key, value in pairs.items()]
        self._asked("txn", {"success": puts})

    def _asked(self, call: str, body: Mapping[str, object]) -> dict[str, Any]:
        answer: dict[str, Any] = self._http.post(f"/v3/kv/{call}", json=body).raise_for_status().json()
        return answer


@contextmanager
def etcd_of(cluster: LoadCluster) -> Iterator[Etcd]:
    """The etcd of a load cluster."""
    address = f"http://127.0.0.1:{cluster.layout.etcd_port}"
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
        yield Etcd(http)


def _below(prefix: str) -> dict[str, object]:
    # All keys up to the first that does not begin so: the prefix with its last character's successor.
    return {"key": _coded(prefix), "range_end": _coded(prefix[:-1] + chr(ord(prefix[-1]) + 1))}


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

"""When objects were made, as a watch of the API server shows it: creation stamps have whole seconds only."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from types import TracebackType

import httpx

from testbed.load import LoadCluster
from testbed.load.api import context
from testbed.shell import TestbedError, wait_for

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Arrivals:
    """Watches a collection in a thread; `seen` has the time (Unix seconds) at which each name first came.

    label: kept by the value of this label in place of the name.
    """

    def __init__(self, cluster: LoadCluster, path: str, label: str | None = None) -> None:
        self._path = path
        self._label = label
        self._http = httpx.Client(
            base_url=cluster.layout.server,
            verify=context(cluster.layout),
            timeout=httpx.Timeout(30, read=None),
            trust_env=False,
        )
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._begun = threading.Event()
        self._over = threading.Event()
        self.seen: dict[str, float] = {}

    def __enter__(self) -> Arrivals:
        self._thread.start()
        if not self._begun.wait(30):
            raise TestbedError(f"no watch of {self._path} after 30 s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The thread closes its connection itself, with the next event: closed from here, the number of its socket could
        # become another connection's while it still reads from it.
        self._over.set()

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until so many came; raises TestbedError."""
        wait_for(f"{count} of {self._path}", lambda: len(self.seen) >= count, seconds, every=0.01)

    def _watch(self) -> None:
        # The cluster may end before the watch does.
        with self._http, suppress(httpx.TransportError):
            self._follow()

    def _follow(self) -> None:
        found = self._http.get(self._path, params={"limit": "1"}).raise_for_status().json()
        version = str(found["metadata"]["resourceVersion"])
        while not self._over.is_set():
            # The API server ends the watch of a client that falls behind, as this one may in a burst of thousands.
            version = self._stream(version)

    def _stream(self, version: str) -> str:
        """Follow one watch from this version until it ends; the version it ended at."""
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "3000"}
        with self._http.stream("GET", self._path, params=query, headers={"Accept": _METADATA}) as answer:
            answer.raise_for_status()
            self._begun.set()
            for line in answer.iter_lines():
                if self._over.is_set():
                    break
                event = json.loads(line)
                self._note(event)
                version = event["object"]["metadata"].get("resourceVersion", version)
        return version

    def _note(self, event: dict[str, object]) -> None:
        body = event["object"]
        if event["type"] == "ADDED" and isinstance(body, dict):
            about = body["metadata"]
            key = about["labels"].get(self._label) if self._label else about["name"]
            self.seen.setdefault(str(key), time.time())

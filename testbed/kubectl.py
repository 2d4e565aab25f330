"""kubectl against one cluster, with objects as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testbed.cluster.provider import Cluster
from testbed.shell import TestbedError, run

Json = dict[str, Any]


@dataclass(frozen=True)
class Kubectl:
    """One cluster and the namespace that commands are about."""

    cluster: Cluster
    namespace: str

    def __call__(self, *words: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Run kubectl; what it printed. Raises TestbedError with its words."""
        return run(self.command(*words), stdin=stdin, timeout=timeout)

    def command(self, *words: str) -> list[str]:
        """The command line, for who runs it otherwise."""
        where = ["--kubeconfig", str(self.cluster.kubeconfig), "-n", self.namespace]
        return [str(self.cluster.bin_dir / "kubectl"), *where, *words]

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Apply the objects, in this order."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))

    def get(self, kind: str, name: str) -> Json | None:
        """The object, or None where there is none."""
        text = self("get", kind, name, "-o", "json", "--ignore-not-found")
        found: Json | None = json.loads(text) if text.strip() else None
        return found

    def list(self, kind: str, selector: str = "") -> list[Json]:
        """All objects of a kind with these labels."""
        items: list[Json] = json.loads(self("get", kind, "-l", selector, "-o", "json"))["items"]
        return items

    def delete(self, kind: str, name: str) -> None:
        """Delete it and wait until it is gone; nothing happens where there is none."""
        self("delete", kind, name, "--ignore-not-found", "--wait=true", timeout=120)

    def logs(self, pod: str, container: str) -> str:
        """A container's log; empty where it has none."""
        try:
            return self("logs", pod, "-c", container)
        except TestbedError:
            return ""

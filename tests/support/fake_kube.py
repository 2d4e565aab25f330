"""An API server in memory, which speaks the methods of `boardhand_operator.kube.Kube`."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import AsyncIterator, Callable

from boardhand_operator.kube import ApiException, Conflict, Json, Kube, Resource
from boardhand_operator.memory.store import Key
from boardhand_operator.specs.shape import merged
from tests.support.fuse import Fuse


class FakeKube(Kube):
    """Keeps to what the operator relies on: names collide, versions grow and guard a write that names one, a status
    is written apart from the rest, labels select, and what an object owns goes with it.
    """

    def __init__(self, fuse: Fuse | None = None, clock: Callable[[], str] = lambda: "2026-01-01T12:00:00Z") -> None:
        self.fuse = fuse or Fuse()
        self.clock = clock
        self.objects: dict[Resource, dict[Key, Json]] = {resource: {} for resource in Resource}
        self.created: Counter[tuple[str, str, str]] = Counter()
        """How often an object of this plural, namespace and name was made."""
        self.logs: dict[tuple[str, str, str], str] = {}
        """The last line of a container's log, by namespace, pod and container."""
        self._version = 0
        self._uids = 0

    async def close(self) -> None:
        return

    async def described(self) -> Json:
        return {}

    async def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        async with self.fuse.call(f"get {resource.name}"):
            return copy.deepcopy(self.objects[resource].get((namespace, name)))

    async def list(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        async with self.fuse.call(f"list {resource.name}"):
            found = [
                copy.deepcopy(body)
                for (where, _), body in sorted(self.objects[resource].items())
                if namespace in (None, where) and selects(selector, body["metadata"].get("labels") or {})
            ]
        for body in found:
            yield body

    async def metadata(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        async for body in self.list(resource, namespace, selector):
            yield {"metadata": body["metadata"]}

    async def _create(self, resource: Resource, namespace: str, body: Json) -> Json:
        async with self.fuse.call(f"create {resource.name}"):
            return self.put(resource, namespace, body)

    async def _patch(self, resource: Resource, namespace: str, name: str, body: Json, sub: str) -> Json | None:
        async with self.fuse.call(f"patch {resource.name}{'/' if sub else ''}{sub}"):
            known = self.objects[resource].get((namespace, name))
            if known is None:
                return None
            return self._patched(resource, known, body, sub)

    async def delete(self, resource: Resource, namespace: str, name: str) -> None:
        async with self.fuse.call(f"delete {resource.name}"):
            self.remove(resource, (namespace, name))

    async def last_line(self, namespace: str, pod: str, container: str, limit: int) -> str:
        async with self.fuse.call("read the log"):
            return self.logs.get((namespace, pod, container), "")[:limit]

    async def whole_log(self, namespace: str, pod: str, container: str, limit: int) -> str:
        async with self.fuse.call("read the log"):
            return self.logs.get((namespace, pod, container), "")[:limit]

    async def log_since(self, namespace: str, pod: str, since: str, lines: int, limit: int) -> str:
        async with self.fuse.call("read the log"):
            kept = [line for line in self.logs.get((namespace, pod, ""), "").splitlines() if line]
            return "\n".join(kept[-lines:])[:limit]

    def put(self, resource: Resource, namespace: str, body: Json) -> Json:
        """Create without a request: what somebody else does. Raises Conflict where the name is taken."""
        made = copy.deepcopy(body)
        meta = made["metadata"]
        self._uids += 1
        meta.setdefault("name", f"{meta.get('generateName', '')}{self._uids}")
        meta |= {"namespace": namespace, "creationTimestamp": self.clock(), "generation": 1}
        meta["uid"] = f"uid-{self._uids}"
        key = (namespace, meta["name"])
        if key in self.objects[resource]:
            raise Conflict(meta["name"])
        if resource in (Resource.RUNS, Resource.POOLS):
            made.pop("status", None)
        self.objects[resource][key] = made
        self.created[(resource.value[1], *key)] += 1
        return self._touched(made)

    def remove(self, resource: Resource, key: Key) -> None:
        """Delete without a request, with everything it owns."""
        body = self.objects[resource].pop(key, None)
        if body is None:
            return
        for other in Resource:
            for owned_key, owned in list(self.objects[other].items()):
                owners = owned["metadata"].get("ownerReferences") or []
                if owned_key[0] == key[0] and body["metadata"]["uid"] in {owner["uid"] for owner in owners}:
                    self.remove(other, owned_key)

    def set_status(self, resource: Resource, key: Key, status: Json) -> None:
        """Write a whole status without a request: what kubelet and controllers do."""
        body = self.objects[resource][key]
        if body.get("status") != status:
            body["status"] = copy.deepcopy(status)
            self._touched(body)

    def _patched(self, resource: Resource, known: Json, patch: Json, sub: str) -> Json:
        meta = patch.get("metadata") or {}
        for guard in ("resourceVersion", "uid"):
            if guard in meta and meta[guard] != known["metadata"][guard]:
                raise ApiException(status=409, reason=f"the {guard} is another by now")
        before, patch = copy.deepcopy(known), copy.deepcopy(patch)
        if sub == "status":
            known["status"] = merged(known.get("status") or {}, patch.get("status") or {})
        else:
            kept = known.get("status")
            update = merged(known, {key: value for key, value in patch.items() if key != "status"})
            known.clear()
            known.update(update)
            if kept is not None and resource in (Resource.RUNS, Resource.POOLS):
                known["status"] = kept
        if known.get("spec") != before.get("spec"):
            known["metadata"]["generation"] += 1
        if known != before:
            return self._touched(known)
        return copy.deepcopy(known)

    def _touched(self, body: Json) -> Json:
        self._version += 1
        body["metadata"]["resourceVersion"] = str(self._version)
        return copy.deepcopy(body)


def selects(selector: str, labels: dict[str, str]) -> bool:
    """Whether a label selector of `key`, `!key` and `key=value` terms selects these labels."""
    for term in filter(None, selector.split(",")):
        key, sign, value = term.partition("=")
        if key.removeprefix("!") in labels if key.startswith("!") else key not in labels:
            return False
        if sign and labels[key] != value:
            return False
    return True

"""A cluster in memory, as far as feeds ask one: rights by identity, lists, watches, logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from boardhand_client.errors import Expired, NotThere, Refused, Unauthenticated, Unreachable
from boardhand_operator.kube import Json, Resource

Key = tuple[Resource, str, str]


class LiveCluster:
    """What is there, who may look, and what was asked."""

    def __init__(self) -> None:
        self.objects: dict[Key, Json] = {}
        self.version = 1
        self.oldest = 0
        """A watch from before this version is told that it expired."""
        self.down = False
        self.broken = False
        """The next watch that stirs breaks, once."""
        self.mute = False
        """Reviews are not answered, all else is."""
        self.reviewed: list[float] = []
        """When somebody's rights were asked for, by the loop's clock."""
        self.lists: list[tuple[str, str]] = []
        """Who listed which namespace."""
        self.watches: list[tuple[str, str]] = []
        """Who watched from which version, all of them."""
        self.watching: dict[str, int] = {}
        """How many watches each has open."""
        self.logs: dict[tuple[str, str], list[str]] = {}
        self.ended: set[tuple[str, str]] = set()
        self._events: list[tuple[int, Resource, str, str, Json]] = []
        self.stirred = asyncio.Condition()

    async def put(self, resource: Resource, namespace: str, name: str, **parts: Any) -> None:
        """Make or replace an object."""
        key = (resource, namespace, name)
        kind = "MODIFIED" if key in self.objects else "ADDED"
        self.version += 1
        labels = parts.pop("labels", {})
        metadata = {"name": name, "namespace": namespace, "resourceVersion": str(self.version), "labels": labels}
        at = f"2026-11-23T10:00:{self.version % 60:02}Z"
        before = self.objects.get(key, {}).get("metadata", {})
        metadata |= {"uid": f"uid-of-{name}", "creationTimestamp": before.get("creationTimestamp", at)}
        self.objects[key] = {"metadata": metadata, **parts}
        await self._happened(kind, resource, namespace, self.objects[key])

    async def delete(self, resource: Resource, namespace: str, name: str) -> None:
        self.version += 1
        body = self.objects.pop((resource, namespace, name))
        body["metadata"]["resourceVersion"] = str(self.version)
        await self._happened("DELETED", resource, namespace, body)

    async def forget(self) -> None:
        """All that happened so far is too old to be told."""
        self.oldest = self.version
        await self.stir()

    async def stir(self) -> None:
        """Have open streams look again."""
        async with self.stirred:
            self.stirred.notify_all()

    async def _happened(self, kind: str, resource: Resource, namespace: str, body: Json) -> None:
        self._events.append((self.version, resource, namespace, kind, body))
        await self.stir()

    def events_after(self, version: int, resource: Resource, namespace: str) -> list[tuple[int, str, Json]]:
        return [
            (at, kind, body)
            for at, of, where, kind, body in self._events
            if at > version and of is resource and where == namespace
        ]


class LiveSession:
    """One identity. What it may do is in `may`: verb, plural, namespace."""

    def __init__(self, cluster: LiveCluster, name: str, *may: tuple[str, str, str]) -> None:
        self.cluster = cluster
        self.name = name
        self.may = set(may)
        self.expired = False
        self.reviews = 0

    async def allowed(self, attributes: Json) -> bool:
        self.reviews += 1
        self.cluster.reviewed.append(asyncio.get_running_loop().time())
        self._reach()
        if self.cluster.mute:
            raise Unreachable("no answer")
        sub = f"/{attributes['subresource']}" if attributes.get("subresource") else ""
        return (attributes["verb"], attributes["resource"] + sub, attributes["namespace"]) in self.may

    def _reach(self) -> None:
        if self.cluster.down:
            raise Unreachable("the cluster is down.")
        if self.expired:
            raise Unauthenticated("the token has run out")

    def _check(self, verb: str, plural: str, namespace: str) -> None:
        self._reach()
        if (verb, plural, namespace) not in self.may:
            raise Refused(f"{self.name} may not {verb} {plural}")

    async def snapshot(
        self, resource: Resource, namespace: str, each: Callable[[Json], None], selector: str = "", name: str = ""
    ) -> str:
        self._check("list", resource.value[1], namespace)
        self.cluster.lists.append((self.name, namespace))
        version = str(self.cluster.version)
        for (of, where, called), body in list(self.cluster.objects.items()):
            if of is resource and where == namespace and _selected(body, called, selector, name):
                each(body)
        await asyncio.sleep(0)
        return version

    async def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        self._check("get", resource.value[1], namespace)
        return self.cluster.objects.get((resource, namespace, name))

    async def patch(self, resource: Resource, namespace: str, name: str, body: Json, sub: str = "") -> Json | None:
        self._check("patch", resource.value[1], namespace)
        there = self.cluster.objects[resource, namespace, name]
        parts = {key: value for key, value in there.items() if key != "metadata"}
        spec = {**parts.pop("spec", {}), **body["spec"]}
        await self.cluster.put(resource, namespace, name, labels=there["metadata"]["labels"], spec=spec, **parts)
        return self.cluster.objects[resource, namespace, name]

    async def close(self) -> None:
        self.expired = True

    async def whole_log(self, namespace: str, pod: str, container: str, limit: int) -> str:
        self._check("get", "pods/log", namespace)
        return "\n".join(self.cluster.logs.get((pod, container), []))[:limit]

    async def watch(
        self, resource: Resource, namespace: str, selector: str = "", since: str = "", name: str = ""
    ) -> AsyncIterator[Json]:
        self._check("watch", resource.value[1], namespace)
        cluster, at = self.cluster, int(since)
        cluster.watches.append((self.name, since))
        cluster.watching[self.name] = cluster.watching.get(self.name, 0) + 1
        try:
            while True:
                if at < cluster.oldest:
                    raise Expired("too old")
                for version, kind, body in cluster.events_after(at, resource, namespace):
                    at = version
                    if _selected(body, body["metadata"]["name"], selector, name):
                        yield {"type": kind, "object": body}
                async with cluster.stirred:
                    await cluster.stirred.wait()
                self._reach()
                if cluster.broken:
                    cluster.broken = False
                    raise Unreachable("the stream broke")
        finally:
            cluster.watching[self.name] -= 1

    async def follow_log(self, namespace: str, pod: str, container: str, longest: int = 65536) -> AsyncIterator[str]:
        self._check("get", "pods/log", namespace)
        key, at = (pod, container), 0
        while True:
            if key not in self.cluster.logs:
                raise NotThere(f"{pod} has no log of {container}")
            for line in self.cluster.logs[key][at:]:
                at += 1
                yield line
            if key in self.cluster.ended:
                return
            async with self.cluster.stirred:
                await self.cluster.stirred.wait()
            self._reach()


def _selected(body: Json, called: str, selector: str, name: str) -> bool:
    if name and called != name:
        return False
    wanted = dict(pair.split("=", 1) for pair in selector.split(",") if pair)
    return wanted.items() <= (body["metadata"].get("labels") or {}).items()

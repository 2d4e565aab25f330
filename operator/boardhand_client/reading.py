"""Pools and runs as they are, and as they change: lists in pages, watches that go on, always as rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from boardhand_api.pod import LABEL_POOL, LABEL_RUN
from boardhand_client.errors import Busy, Expired, NotThere, Unreachable
from boardhand_client.rows import PoolRow, RunRow
from boardhand_client.session import Session
from boardhand_operator.kube import Json, Resource
from boardhand_operator.names import label_value

Row = TypeVar("Row", RunRow, PoolRow)
Key = tuple[str, str]
"""Namespace and name."""
_AGAIN_SECONDS = 1.0
_BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


async def runs(session: Session, namespace: str | None, pool: str = "") -> list[RunRow]:
    """All runs of the namespace (None: of all), the newest first. Raises SessionError."""
    found: list[RunRow] = []
    await session.snapshot(Resource.RUNS, namespace, lambda body: found.append(RunRow.of(body)))
    # A run written by hand has no label of its pool.
    return sorted((row for row in found if not pool or row.pool == pool), key=newest, reverse=True)


async def pools(session: Session, namespace: str | None) -> list[PoolRow]:
    """All pools of the namespace (None: of all), by name. Raises SessionError."""
    found: list[PoolRow] = []
    await session.snapshot(Resource.POOLS, namespace, lambda body: found.append(PoolRow.of(body)))
    return sorted(found, key=lambda row: (row.namespace, row.name))


def newest(row: RunRow) -> tuple[str, str, str]:
    """By which runs are put in order."""
    return (row.created, row.namespace, row.name)


async def run_of(session: Session, namespace: str, name: str) -> Json:
    """The TicketRun. Raises NotThere, and SessionError."""
    return await _one(session, Resource.RUNS, namespace, name, "TicketRun", "boardhand runs")


async def pool_of(session: Session, namespace: str, name: str) -> Json:
    """The CodingAgent. Raises NotThere, and SessionError."""
    return await _one(session, Resource.POOLS, namespace, name, "CodingAgent", "kubectl get codingagents")


async def _one(session: Session, resource: Resource, namespace: str, name: str, kind: str, shows: str) -> Json:
    body = await session.get(resource, namespace, name)
    if body is None:
        raise NotThere(f"there is no {kind} {name} in namespace {namespace}: `{shows} -n {namespace}` lists them")
    return body


async def pods_of(session: Session, namespace: str, run: str) -> list[Json]:
    """The run's pods, one for each try that still has its own, the newest last. Raises SessionError."""
    found: list[Json] = []
    await session.snapshot(Resource.PODS, namespace, found.append, f"{LABEL_RUN}={label_value(run)}")
    return sorted(found, key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"]))


async def newest_pod(session: Session, namespace: str, run: str) -> Json | None:
    """The pod of the run's present or last try; None where there is none, or none any more. Raises SessionError."""
    return next(reversed(await pods_of(session, namespace, run)), None)


class Live(Generic[Row]):
    """Rows that keep themselves up to date by a list and a watch: what was true a moment ago, without asking again."""

    def __init__(
        self,
        session: Session,
        resource: Resource,
        namespace: str | None,
        of: Callable[[Json], Row],
        selector: str = "",
        name: str = "",
    ) -> None:
        self._session, self._resource, self._namespace = session, resource, namespace
        self._of: Callable[[Json], Row] = of
        self._selector, self._name = selector, name
        self.rows: dict[Key, Row] = {}
        self.broken = ""
        """Why nothing comes now; empty while all is well."""

    async def follow(self) -> AsyncIterator[set[Key]]:
        """What changed: first what is there (perhaps nothing), then keys as they come, go or change.

        It goes on for ever. While the API server does not answer `broken` says so, told by an empty set, and it is
        asked again. Raises SessionError for what will not mend by itself: 401, 403, 404.
        """
        failures, version = 0, ""
        while True:
            try:
                if not version:
                    changed, version = await self._list()
                    yield changed
                async for event in self._watch(version):
                    failures, version, key = 0, event[0], event[1]
                    if key is not None:
                        yield {key}
                # It ends after some minutes; one that ends at once is not to be asked for without a breath.
                await asyncio.sleep(_BACK_OFF[0])
            except Expired:
                version = ""
                # One who forgets every version at once would have all listed without end.
                await asyncio.sleep(_AGAIN_SECONDS)
            except (Unreachable, Busy) as broken:
                self.broken = str(broken)
                yield set()
                await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
                failures += 1

    async def _list(self) -> tuple[set[Key], str]:
        rows: dict[Key, Row] = {}

        def keep(body: Json) -> None:
            row = self._of(body)
            rows[(row.namespace, row.name)] = row

        version = await self._session.snapshot(self._resource, self._namespace, keep, self._selector, self._name)
        before, self.rows, self.broken = self.rows, rows, ""
        gone = before.keys() - rows.keys()
        return gone | {key for key, row in rows.items() if before.get(key) != row}, version

    async def _watch(self, version: str) -> AsyncIterator[tuple[str, Key | None]]:
        """Each event's version and the key of the row that changed by it, if one did."""
        events = self._session.watch(self._resource, self._namespace, self._selector, version, self._name)
        async for event in events:
            body, self.broken = event["object"], ""
            after = str(body["metadata"].get("resourceVersion") or version)
            yield after, None if event["type"] == "BOOKMARK" else self._took(event["type"], body)

    def _took(self, kind: str, body: Json) -> Key | None:
        row = self._of(body)
        key = (row.namespace, row.name)
        if kind == "DELETED":
            return key if self.rows.pop(key, None) is not None else None
        if self.rows.get(key) == row:
            return None
        self.rows[key] = row
        return key


def live_runs(session: Session, namespace: str | None, name: str = "") -> Live[RunRow]:
    """The runs of the namespace (None: of all); name: of that run alone."""
    return Live(session, Resource.RUNS, namespace, RunRow.of, name=name)


def live_pools(session: Session, namespace: str | None) -> Live[PoolRow]:
    """The pools of the namespace (None: of all)."""
    return Live(session, Resource.POOLS, namespace, PoolRow.of)


def label_of_pool(name: str) -> str:
    """Selects what the operator made for the pool's tickets; a run written by hand has no such label."""
    return f"{LABEL_POOL}={label_value(name)}"

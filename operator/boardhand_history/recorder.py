"""Follows the cluster's runs and has each finished one written down, once.

A run is written in one transaction with its texts, so that one that was under way when the process ended is found
missing by the next start: nothing but the database remembers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from boardhand_api.pod import LABEL_SETTLED
from boardhand_client.errors import Expired, SessionError
from boardhand_history.boards import Boards
from boardhand_history.cluster import Cluster
from boardhand_history.entries import entry_of, finished
from boardhand_history.errors import Unreachable
from boardhand_history.records import Records
from boardhand_history.settings import Settings
from boardhand_history.vitals import Vitals
from boardhand_history.writer import Writer
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Json, Resource

_PAGE = 500
_MOST = 30.0
_SWEEP_SECONDS = 3600.0
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Recorder:
    """One process' recorder. pause: seconds before what is down is asked again, at first."""

    def __init__(
        self,
        cluster: Cluster,
        records: Records,
        settings: Settings,
        clock: Callable[[], datetime] = _now,
        pause: float = 1.0,
    ) -> None:
        self._cluster, self._records, self._settings = cluster, records, settings
        self._clock, self._pause = clock, pause
        self._boards = Boards(cluster)
        self._writer = Writer(cluster, records, pause * 5)
        self._problems: dict[str | None, str] = dict.fromkeys(self._namespaces, "it is not caught up with yet")
        """Why a namespace is not followed; empty where it is."""

    def vitals(self) -> Vitals:
        """How it is now."""
        writer = self._writer
        problem = next(filter(None, self._problems.values()), "")
        return Vitals(writer.problem, problem, writer.waiting, writer.written)

    @property
    def _namespaces(self) -> tuple[str | None, ...]:
        return self._settings.namespaces or (None,)

    async def run(self) -> None:
        """Record until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run())
            group.create_task(self._sweep_for_ever())
            for namespace in self._namespaces:
                group.create_task(self._follow_for_ever(namespace))

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                deleted = await self._records.sweep(self._clock(), self._settings.days, self._settings.rows)
            except Unreachable as down:
                _log.warning("old rows are not deleted now: %s", down)
            else:
                if deleted:
                    _log.info("%d runs are deleted from the history (BOARDHAND_HISTORY_DAYS, _ROWS)", deleted)
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _follow_for_ever(self, namespace: str | None) -> None:
        wait = self._pause
        while True:
            try:
                await self._follow(namespace)
            except Expired:
                wait = self._pause
                # One who forgets every version at once would have all runs listed without end.
                await asyncio.sleep(self._pause)
            except (SessionError, Unreachable) as down:
                wait = min(wait * 2, _MOST) if self._problems[namespace] else self._pause
                self._problems[namespace] = str(down)
                _log.warning("runs are not followed for %.0f s: %s", wait, down)
                await asyncio.sleep(wait)

    async def _follow(self, namespace: str | None) -> None:
        """Catch up, then watch. Raises Expired where one must catch up again."""
        version = await self._catch_up(namespace)
        self._problems[namespace] = ""
        while True:
            async for event in self._cluster.watch(Resource.RUNS, namespace, since=version):
                version = str(event["object"]["metadata"]["resourceVersion"])
                if event["type"] != "BOOKMARK":
                    await self._seen(event["object"])
            # It ends every few minutes; one that something between ends at once is not begun as often.
            await asyncio.sleep(self._pause)

    async def _catch_up(self, namespace: str | None) -> str:
        """Look at what is not settled, and at those settled runs that the database does not know as they are.

        Of the settled ones metadata is read, page by page: very many may be retained. They are listed second, so that
        the watch, which goes on from the first list, misses none.
        """
        ended: list[Json] = []

        def keep(body: Json) -> None:
            if _ends(body):
                ended.append(body)

        version = await self._cluster.snapshot(Resource.RUNS, namespace, keep, selector=f"!{LABEL_SETTLED}")
        for body in ended:
            await self._seen(body)
        page: list[Json] = []
        async for body in self._cluster.metadata(Resource.RUNS, namespace, LABEL_SETTLED):
            page.append(body["metadata"])
            if len(page) >= _PAGE:
                await self._compare(page)
                page = []
        await self._compare(page)
        return version

    async def _compare(self, page: list[Json]) -> None:
        known = await self._records.known([str(meta["uid"]) for meta in page])
        missing = [meta for meta in page if known.get(str(meta["uid"])) != str(meta["resourceVersion"])]
        floor = await self._records.floor(self._settings.rows) if missing else None
        for meta in missing:
            if body := await self._cluster.get(Resource.RUNS, meta["namespace"], meta["name"]):
                await self._seen(body, floor)

    async def _seen(self, body: Json, floor: datetime | None = None) -> None:
        """Have a finished run written, unless its row would go at once."""
        if not _ends(body):
            return
        meta = body["metadata"]
        try:
            entry = entry_of(body, await self._boards.of(meta["namespace"], str(body["spec"]["pool"])))
        except Misconfigured as unreadable:
            _log.warning("%s/%s is not recorded: %s", meta["namespace"], meta["name"], unreadable)
            return
        oldest = self._clock() - timedelta(days=self._settings.days)
        if not finished(body):
            await self._writer.foresee(entry)
        elif entry.finished_at >= max(oldest, floor or oldest):
            await self._writer.take(entry)


def _ends(body: Json) -> bool:
    """Whether its outcome is known, be it that it is not yet delivered."""
    return finished(body) or bool((body.get("status") or {}).get("finishedAt"))

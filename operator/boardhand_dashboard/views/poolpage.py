"""Pools as they change: the events of the pages of all pools and of one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import State

from boardhand_client.errors import Busy, Refused, Unreachable
from boardhand_client.rights import Rights
from boardhand_client.rows import PoolRow, RunRow
from boardhand_dashboard.live.feeds import Feed
from boardhand_dashboard.live.listing import Rows
from boardhand_dashboard.live.sse import event
from boardhand_dashboard.live.viewers import CutOff, Viewer
from boardhand_dashboard.templating import part
from boardhand_dashboard.views.poolview import PoolView, by_pool, view, work
from boardhand_dashboard.visitor import Visitor
from boardhand_operator.kube import Resource


@dataclass(frozen=True)
class PoolRights:
    """What the visitor may do to the pools of a namespace."""

    change: bool
    create: bool
    runs: bool
    """List its runs."""


async def rights_in(rights: Rights, namespace: str) -> PoolRights:
    """As the API server says. Raises SessionError."""
    return PoolRights(
        change=await rights.may("patch", Resource.POOLS, namespace),
        create=await rights.may("create", Resource.POOLS, namespace),
        runs=await rights.may("list", Resource.RUNS, namespace),
    )


async def updates(
    state: State, visitor: Visitor, viewer: Viewer, namespace: str, name: str, shown: frozenset[str]
) -> AsyncGenerator[bytes]:
    """The events `facts-POOL` and `actions-POOL` of each pool (name empty: of all), `work` of the one, and `others`
    where there are not those pools that the page shows. Raises Refused where pools may not be watched, CutOff,
    SessionError."""
    async with AsyncExitStack() as stack:
        pools = await stack.enter_async_context(state.feeds.pools(visitor.session, viewer, namespace))
        try:
            runs = await stack.enter_async_context(state.feeds.runs(visitor.session, viewer, namespace))
        except Refused:
            runs = None
        live = _Live(visitor, namespace, name, shown, pools, runs)
        for one in await live.news():
            yield one
        async for _ in viewer.changes():
            for one in await live.news():
                yield one


class _Live:
    """What one page shows, and what it lacks of what is known."""

    def __init__(
        self,
        visitor: Visitor,
        namespace: str,
        name: str,
        shown: frozenset[str],
        pools: Feed[Rows[PoolRow]],
        runs: Feed[Rows[RunRow]] | None,
    ) -> None:
        self._visitor, self._namespace, self._name, self._shown = visitor, namespace, name, shown
        self._pools, self._runs = pools, runs
        self._sent: dict[str, bytes] = {}
        self._may = PoolRights(change=False, create=False, runs=False)

    async def news(self) -> list[bytes]:
        """The events that bring the page up to date. Raises CutOff where its pool is gone."""
        problem = self._pools.problem or (self._runs.problem if self._runs else "")
        out = [self._changed("problem", part("parts/live_problem.html", problem=problem))]
        if self._pools.reader.ready:
            rows = self._pools.reader.rows
            if self._name and self._name not in rows:
                raise CutOff("This pool was deleted.")
            # Nobody loses the page for buttons: while the API server does not say, they are those of before.
            with suppress(Unreachable, Busy):
                self._may = await rights_in(self._visitor.rights, self._namespace)
            for row in [rows[self._name]] if self._name else list(rows.values()):
                out += self._of(row, self._may)
            others = not self._name and rows.keys() != self._shown
            out.append(self._changed("others", part("parts/pool_others.html", others=others)))
        return [one for one in out if one]

    def _of(self, row: PoolRow, may: PoolRights) -> Iterator[bytes]:
        yield self._changed(f"facts-{row.name}", self._facts(row))
        given = {"row": row, "may": may, "csrf_token": self._visitor.csrf, "single": bool(self._name)}
        yield self._changed(f"actions-{row.name}", part("parts/pool_actions.html", **given))
        if self._name and self._known is not None:
            yield self._changed("work", self._work(self._known))

    @property
    def _known(self) -> Feed[Rows[RunRow]] | None:
        """The runs, where all of them are read."""
        return self._runs if self._runs is not None and self._runs.reader.ready else None

    def _facts(self, row: PoolRow) -> str:
        """Made once for all who see the same runs; the last one of each pool is kept."""
        version = None if self._known is None else self._known.version
        made: dict[str, tuple[int | None, str]] = self._pools.once("facts", dict)
        if row.name not in made or made[row.name][0] != version:
            made[row.name] = (version, part("parts/pool_facts.html", view=self._view(row)))
        return made[row.name][1]

    def _view(self, row: PoolRow) -> PoolView:
        return view(row, None if self._known is None else self._runs_of(self._known, row.name), datetime.now(UTC))

    def _work(self, runs: Feed[Rows[RunRow]]) -> str:
        def made() -> str:
            its = work(self._runs_of(runs, self._name))
            return part("parts/pool_work.html", work=its, namespace=self._namespace)

        return runs.once(("work", self._name), made)

    def _runs_of(self, runs: Feed[Rows[RunRow]], pool: str) -> list[RunRow]:
        return runs.once("by pool", lambda: by_pool(runs.reader.rows.values())).get(pool, [])

    def _changed(self, name: str, html: str) -> bytes:
        """The event, where it says something else than the last of its name."""
        said = event(name, html)
        if self._sent.get(name) == said:
            return b""
        self._sent[name] = said
        return said

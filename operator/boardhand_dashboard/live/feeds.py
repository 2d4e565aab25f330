"""Live feeds: what is read from the cluster once for all who look at it, and who may.

The dashboard itself can read nothing: each feed is read with the rights of a visitor who looks at it (see `shared`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

from boardhand_api.pod import LABEL_RUN
from boardhand_client.rows import PoolRow, RunRow
from boardhand_client.session import Session
from boardhand_dashboard.live.follows import Steps
from boardhand_dashboard.live.listing import Rows
from boardhand_dashboard.live.shared import Reader, Shared
from boardhand_dashboard.live.viewers import Ask, Pace, Viewer
from boardhand_operator.kube import Json, Resource
from boardhand_operator.names import label_value


class Readable(Reader[Session], Protocol):
    """A reader that says what rights it takes."""

    @property
    def asks(self) -> Sequence[Ask]:
        """All of them are needed."""
        ...


R = TypeVar("R", bound=Readable)
T = TypeVar("T")


class Feed(Generic[R]):
    """A reader, which its viewers keep at work. They see what it read."""

    def __init__(self, reader: R, namespace: str, pace: Pace) -> None:
        self.reader = reader
        self.shared: Shared[Session] = Shared(reader, namespace, reader.asks, pace)
        self._made: dict[Hashable, Any] = {}
        self._made_of = -1

    @property
    def version(self) -> int:
        """One more whenever viewers are told of changes."""
        return self.shared.version

    @property
    def problem(self) -> str:
        """Why nothing comes at present, in a sentence; empty where all is well."""
        return self.shared.problem

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of what was read, once a version for all viewers."""
        if self._made_of != self.version:
            self._made, self._made_of = {}, self.version
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made


Looking = AbstractAsyncContextManager[Feed[R]]


class Feeds:
    """All feeds of a dashboard. Namespaces never mix: each feed is of one."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._feeds: dict[Hashable, Feed[Any]] = {}

    def __len__(self) -> int:
        return len(self._feeds)

    def viewer(self) -> Viewer:
        """A page that is to look at one feed or several."""
        return Viewer(self._pace.spacing)

    def runs(self, session: Session, viewer: Viewer, namespace: str) -> Looking[Rows[RunRow]]:
        """The rows of all runs of a namespace, while this viewer looks. Entering raises Refused where one may not list
        and watch them, and SessionError."""
        return self.of("runs", namespace, lambda: Rows(Resource.RUNS, namespace, RunRow.of), session, viewer)

    def pools(self, session: Session, viewer: Viewer, namespace: str) -> Looking[Rows[PoolRow]]:
        """The rows of all its pools. Raises as `runs`."""
        return self.of("pools", namespace, lambda: Rows(Resource.POOLS, namespace, PoolRow.of), session, viewer)

    def run(self, session: Session, viewer: Viewer, namespace: str, name: str) -> Looking[Rows[Json]]:
        """One run, whole. Raises as `runs`."""
        return self.of(
            f"run/{name}", namespace, lambda: Rows(Resource.RUNS, namespace, _whole, name=name), session, viewer
        )

    def pods(self, session: Session, viewer: Viewer, namespace: str, run: str) -> Looking[Rows[Json]]:
        """The pods of one run, whole. Raises as `runs`."""
        selector = f"{LABEL_RUN}={label_value(run)}"
        return self.of(
            f"pods/{run}", namespace, lambda: Rows(Resource.PODS, namespace, _whole, selector), session, viewer
        )

    def steps(self, session: Session, viewer: Viewer, namespace: str, run: str) -> Looking[Steps]:
        """What the run's agent does. Entering raises Refused where one may not read pods' logs, and SessionError."""
        return self.of(f"steps/{run}", namespace, lambda: Steps(namespace, run), session, viewer)

    @asynccontextmanager
    async def of(
        self, what: str, namespace: str, make: Callable[[], R], session: Session, viewer: Viewer
    ) -> AsyncIterator[Feed[R]]:
        """The feed that is called so in this namespace, made where nobody has looked at it for a while."""
        key = (namespace, what)
        feed: Feed[R] = self._feeds.setdefault(key, Feed(make(), namespace, self._pace))
        try:
            async with feed.shared.viewing(session, viewer):
                yield feed
        finally:
            # What nobody was let in to was never read, and goes at once.
            linger = self._pace.linger if feed.version else 0
            asyncio.get_running_loop().call_later(linger, self._forget, key, feed)

    def _forget(self, key: Hashable, feed: Feed[Any]) -> None:
        """What was read goes, unless somebody looks; who left and came back meanwhile has it forgotten later."""
        if self._feeds.get(key) is feed and not feed.shared.viewers:
            del self._feeds[key]


def _whole(body: Json) -> Json:
    return body

"""A run's page as it changes: what is sent to it, and only where it is another than what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from boardhand_client.errors import Busy, Refused, Unreachable
from boardhand_client.rights import Rights
from boardhand_dashboard.live.feeds import Feed, Feeds, Looking, R
from boardhand_dashboard.live.follows import Steps
from boardhand_dashboard.live.listing import Rows
from boardhand_dashboard.live.sse import event
from boardhand_dashboard.live.viewers import CutOff, Viewer
from boardhand_dashboard.templating import part
from boardhand_dashboard.views.runview import RunView, numbered, view_of
from boardhand_dashboard.visitor import Visitor
from boardhand_operator.kube import Json, Resource

LOOK_BACK = 200
"""So many entries of the log are shown at first, and so many more each time that one asks."""


@dataclass(frozen=True)
class Actions:
    """What the visitor may do to a run."""

    change: bool
    """Cancel, suspend and resume it."""
    retry: bool


async def actions_of(rights: Rights, namespace: str) -> Actions:
    """As the API server says. Raises SessionError."""
    change, create, read = await asyncio.gather(
        rights.may("patch", Resource.RUNS, namespace),
        rights.may("create", Resource.RUNS, namespace),
        rights.may("get", Resource.POOLS, namespace),
    )
    return Actions(change, create and read)


async def updates(feeds: Feeds, visitor: Visitor, viewer: Viewer, namespace: str, name: str) -> AsyncGenerator[bytes]:
    """All events of one page. Raises Refused where one may not watch the run, CutOff, SessionError."""
    session = visitor.session
    async with AsyncExitStack() as stack:
        run = await stack.enter_async_context(feeds.run(session, viewer, namespace, name))
        pods = await _where_allowed(stack, feeds.pods(session, viewer, namespace, name))
        steps = await _where_allowed(stack, feeds.steps(session, viewer, namespace, name))
        live = LivePage(visitor, namespace, name, run, pods, steps)
        async for _ in _at_once_and_then(viewer):
            for one in await live.news():
                yield one


async def _at_once_and_then(viewer: Viewer) -> AsyncGenerator[None]:
    """What was read for others before is shown without waiting for a change."""
    yield
    async for _ in viewer.changes():
        yield


async def _where_allowed(stack: AsyncExitStack, looking: Looking[R]) -> Feed[R] | None:
    """None where the visitor may not look at that: the page has the rest."""
    try:
        return await stack.enter_async_context(looking)
    except Refused:
        return None


class LivePage:
    """What one page shows, and what it lacks of what is known."""

    def __init__(
        self,
        visitor: Visitor,
        namespace: str,
        name: str,
        run: Feed[Rows[Json]],
        pods: Feed[Rows[Json]] | None,
        steps: Feed[Steps] | None,
    ) -> None:
        self._visitor, self._namespace, self._name = visitor, namespace, name
        self._run, self._pods, self._steps = run, pods, steps
        self._sent = dict[str, bytes]()
        self._number: int | None = None
        self._actions = Actions(change=False, retry=False)

    async def news(self) -> list[bytes]:
        """The events that bring the page up to date. Raises CutOff where the run is gone."""
        out = [self._changed("problem", part("parts/live_problem.html", problem=self._problem()))]
        out += [*self._entries()]
        if self._run.reader.ready:
            body = self._run.reader.rows.get(self._name)
            if body is None:
                raise CutOff("This run was deleted.")
            out += await self._state(body)
        return [one for one in out if one]

    def _problem(self) -> str:
        feeds = (self._run, self._pods, self._steps)
        return next((feed.problem for feed in feeds if feed is not None and feed.problem), "")

    def _changed(self, name: str, html: str) -> bytes:
        """The event, where it says something else than the last of its name."""
        said = event(name, html)
        if self._sent.get(name) == said:
            return b""
        self._sent[name] = said
        return said

    async def _state(self, body: Json) -> list[bytes]:
        key = None if self._pods is None else self._pods.version
        view = self._run.once(("view", key), lambda: self._view(body))
        state = self._run.once(("state", key), lambda: part("parts/run_state.html", view=view))
        # Nobody loses the page for buttons: while the API server does not say, they are those of before.
        with suppress(Unreachable, Busy):
            self._actions = await actions_of(self._visitor.rights, self._namespace)
        given = {"actions": self._actions, "view": view, "namespace": self._namespace, "csrf_token": self._visitor.csrf}
        return [
            self._changed("state", state),
            self._changed("actions", part("parts/run_actions.html", **given)),
            self._diff(view),
        ]

    def _view(self, body: Json) -> RunView:
        return view_of(body, [] if self._pods is None else list(self._pods.reader.rows.values()))

    def _diff(self, view: RunView) -> bytes:
        """Once something was pushed, the page asks for it."""
        return self._changed("diff", "") if view.pushed else b""

    def _entries(self) -> Iterator[bytes]:
        where = {"namespace": self._namespace, "run": self._name}
        if self._steps is None:
            yield self._changed("whole", part("parts/steps_whole.html", steps=[], over=True, **where))
            return
        reader, number = self._steps.reader, self._number
        if not reader.ready or number == reader.total:
            return
        self._number = total = reader.total
        if number is None or number < total - len(reader.newest):
            steps = numbered(list(reader.newest)[-LOOK_BACK:], total)
            yield event("whole", part("parts/steps_whole.html", steps=steps, over=reader.over, **where))
        else:
            steps = numbered(reader.since(number), total)
            key = ("since", number, total)
            yield self._steps.once(key, lambda: event("steps", part("parts/steps_new.html", steps=steps)))

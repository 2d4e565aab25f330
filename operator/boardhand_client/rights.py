"""What this identity may do, as the API server says; asked once for half a minute of looking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from boardhand_client.session import Session
from boardhand_operator.kube import Resource

KEPT_SECONDS = 30.0
_MOST = 2000
"""So many answers are kept: whoever looks at more asks again."""

_Asked = tuple[str, Resource, str, str, str]


class Rights:
    """A session's rights. An answer holds for half a minute, a refusal to answer for nothing."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session, self._clock = session, clock
        self._known: dict[_Asked, tuple[float, asyncio.Task[bool]]] = {}

    async def may(self, verb: str, resource: Resource, namespace: str = "", name: str = "", sub: str = "") -> bool:
        """Whether it may. namespace empty: in all; name empty: with every object; sub: such as `log` of pods.

        Raises SessionError where the API server does not say.
        """
        asked, now = (verb, resource, namespace, name, sub), self._clock()
        known = self._known.get(asked)
        if known is None or known[0] <= now or (known[1].done() and _broken(known[1])):
            self._tidy(now)
            known = (now + KEPT_SECONDS, asyncio.ensure_future(self._ask(asked)))
            self._known[asked] = known
        # Who turns away does not take the answer from the others who wait for it.
        return await asyncio.shield(known[1])

    def _tidy(self, now: float) -> None:
        if len(self._known) >= _MOST:
            self._known = {key: one for key, one in self._known.items() if one[0] > now}
        if len(self._known) >= _MOST:
            self._known.clear()

    async def _ask(self, asked: _Asked) -> bool:
        verb, resource, namespace, name, sub = asked
        base, plural = resource.value
        group = base.split("/")[2] if base.startswith("/apis/") else ""
        words = {"verb": verb, "group": group, "resource": plural, "namespace": namespace, "name": name}
        return await self._session.allowed({**words, "subresource": sub})


def _broken(task: asyncio.Task[bool]) -> bool:
    return task.cancelled() or task.exception() is not None

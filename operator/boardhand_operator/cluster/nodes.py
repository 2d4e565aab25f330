"""What the nodes say of themselves: whether pods get users of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from boardhand_api.pod_settings import UserNamespaces
from boardhand_operator.kube import ApiException, Json, Kube, Resource
from boardhand_operator.locks import Locks
from boardhand_operator.specs import users

_BELIEVED_SECONDS = 600.0
"""So long nodes are taken to be as they were."""
_log = logging.getLogger(__name__)


class Nodes:
    """The cluster's nodes, of which nothing is kept but the answer, by the labels that were asked for."""

    def __init__(self, kube: Kube, clock: Callable[[], float], usual: UserNamespaces = UserNamespaces.NEVER) -> None:
        """usual: of pools that leave it to the operator; Auto: the nodes are asked."""
        self._kube, self._clock, self._usual = kube, clock, usual
        self._locks = Locks()
        self._known: dict[str, tuple[float, str | None]] = {}

    async def own_users(self, spec: Json) -> bool:
        """Whether a pod of this spec, whose pool leaves it to the operator, is to have users of its own.

        Where the nodes are asked, all that the pod's nodeSelector allows must be able to. Raises ApiException.
        """
        if self._usual is not UserNamespaces.AUTO:
            return self._usual is UserNamespaces.ALWAYS
        return users.unknown(spec) is None and await self._lack(users.selector(spec)) is None

    async def _lack(self, selector: str) -> str | None:
        """Why not all nodes with these labels can; None: they can."""
        async with self._locks.of(selector):
            before = self._known.get(selector)
            if before and self._clock() - before[0] < _BELIEVED_SECONDS:
                return before[1]
            lack = await self._look(selector)
            now = self._clock()
            fresh = {one: known for one, known in self._known.items() if now - known[0] < _BELIEVED_SECONDS}
            self._known = fresh | {selector: (now, lack)}
        if before is None or before[1] != lack:
            _log.info("user namespaces on nodes with labels %r: %s", selector, f"no: {lack}" if lack else "yes")
        return lack

    async def _look(self, selector: str) -> str | None:
        seen = False
        try:
            async for node in self._kube.list(Resource.NODES, None, selector):
                seen = True
                if lack := users.lacks(node):
                    return f"node {node['metadata']['name']}: {lack}"
        except ApiException as refused:
            if refused.status == HTTPStatus.BAD_REQUEST:
                # As it refuses a Job with such a nodeSelector, which tells the pool.
                return "the pod's nodeSelector is none"
            if refused.status != HTTPStatus.FORBIDDEN:
                raise
            return "the operator may not list nodes (chart value userNamespaces: Auto brings the right)"
        return None if seen else "there is no such node"

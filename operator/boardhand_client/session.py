"""One identity at the API server: what the operator's `Kube` can do, with a person's rights and told in sentences."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Self

from boardhand_client.errors import Busy, NotThere, Unreachable
from boardhand_client.identity import Identity, of_impersonation, of_kubeconfig, of_token, unusable
from boardhand_client.line import JSON, Line
from boardhand_client.refusals import told, understood, watch_error
from boardhand_client.streams import Place, lines, stamped
from boardhand_client.trust import api_client
from boardhand_operator.kube import ApiException, Conflict, Json, Kube, Query, Resource

_PAGE = 500
_WATCH_SECONDS = 300
_ENDING_SECONDS = 0.5
"""Between a log's end and a look at whether its container ended too, which the pod's status tells a little later."""
_OPENINGS = 12
"""So often in a row a log's stream may break before that is said: an API server that starts anew takes a while."""
_LONGEST_SECONDS = 5.0
"""The longest wait between two of them."""


class Session(Kube):
    """A session with the API server. Its methods raise SessionError, besides what `Kube`'s say of a Conflict."""

    def __init__(self, identity: Identity) -> None:
        api = api_client(identity.settings)
        super().__init__(api)
        self._line = Line(api, identity)
        self.namespace = identity.namespace
        """The one that is meant where none is named."""

    @classmethod
    async def kubeconfig(cls, path: str | None = None, context: str | None = None) -> Self:
        """As kubectl finds it. Raises Unreachable where no kubeconfig can be used."""
        identity = await of_kubeconfig(path, context)
        try:
            return cls(identity)
        except OSError as wrong:
            raise unusable("its certificates", wrong) from None

    @classmethod
    def bearer(cls, server: str, ca: str | None, token: str) -> Self:
        """By this token alone. ca: file of certificate authorities. Raises Unauthenticated for what is no token."""
        return cls(of_token(server, ca, token))

    @classmethod
    def impersonating(cls, server: str, ca: str | None, token_file: Path, user: str, groups: Sequence[str]) -> Self:
        """As this user of these groups, by the token's right to impersonate. Raises Unauthenticated for no name."""
        return cls(of_impersonation(server, ca, token_file, user, groups))

    @property
    def server(self) -> str:
        """Address of the API server."""
        return self._line.server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def whoami(self) -> str:
        """The user's name, as the API server knows it."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = await self._asked("/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
        return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")

    async def allowed(self, attributes: Json) -> bool:
        """Whether this identity may do that: the `resourceAttributes` of a SelfSubjectAccessReview."""
        api = "authorization.k8s.io/v1"
        body = {"apiVersion": api, "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
        answer = await self._asked(f"/apis/{api}/selfsubjectaccessreviews", body)
        return (answer.get("status") or {}).get("allowed") is True

    async def snapshot(
        self,
        resource: Resource,
        namespace: str | None,
        each: Callable[[Json], None],
        selector: str = "",
        name: str = "",
    ) -> str:
        """Hand over all objects, page by page, none of which is kept; the version that a watch goes on from."""
        token = ""
        while True:
            query = [*_select(selector, name), ("limit", str(_PAGE)), ("continue", token)]
            with told():
                answer = await self._json("GET", resource.path(namespace), query)
            for item in answer.get("items") or ():
                each(item)
            token = answer["metadata"].get("continue") or ""
            if not token:
                return str(answer["metadata"].get("resourceVersion") or "")
            await asyncio.sleep(0)

    async def watch(
        self, resource: Resource, namespace: str | None, selector: str = "", since: str = "", name: str = ""
    ) -> AsyncIterator[Json]:
        """What happens to the objects, as the API server tells it: `type` and `object`, bookmarks among them.

        It ends after some minutes: begin again from the last object's version. Raises Expired where one must list anew.
        """
        query = [
            *_select(selector, name),
            ("watch", "true"),
            ("resourceVersion", since),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(_WATCH_SECONDS)),
        ]
        with told():
            async with self._line.stream(resource.path(namespace), query) as response:
                async for line in lines(response.content, None):
                    event: Json = json.loads(line)
                    if event.get("type") == "ERROR":
                        raise watch_error(event.get("object") or {})
                    yield event

    async def follow_log(self, namespace: str, pod: str, container: str, longest: int = 65536) -> AsyncIterator[str]:
        """A container's lines from its first, as they come, until it ends; each once, even where the stream breaks.

        A line longer than `longest` bytes is cut. Raises NotThere where there is no log (yet), or not any more.
        """
        place, broken = Place(), 0
        while True:
            query = [("container", container), ("follow", "true"), ("timestamps", "true")]
            query += [("sinceTime", place.at[:19] + "Z")] if place.at else []
            place.opened()
            try:
                async with self._line.stream(Resource.PODS.path(namespace, pod, "log"), query) as response:
                    async for line in lines(response.content, longest + 64):
                        at, text = stamped(line)
                        if place.new(at):
                            broken = 0
                            yield text
                if not await self._runs(namespace, pod, container):
                    return
                # The kubelet ended the stream, not the container.
                await asyncio.sleep(_ENDING_SECONDS)
            except ApiException as refused:
                raise NotThere(f"{pod} has no log of {container} now: {refused.reason}") from None
            except (Unreachable, Busy):
                broken += 1
                if broken >= _OPENINGS:
                    raise
                await asyncio.sleep(min(broken - 1, _LONGEST_SECONDS))

    async def _runs(self, namespace: str, pod: str, container: str) -> bool:
        """Whether the container has not ended, as far as its pod's status has it."""
        states: list[Json] = []

        def keep(body: Json) -> None:
            status = body.get("status") or {}
            rows = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
            states.extend(row.get("state") or {} for row in rows if row["name"] == container)

        await self.snapshot(Resource.PODS, namespace, keep, name=pod)
        return any("running" in state for state in states)

    async def _asked(self, path: str, body: Json) -> Json:
        with told():
            return await self._json("POST", path, body=body)

    async def patch(self, resource: Resource, namespace: str, name: str, body: Json, sub: str = "") -> Json | None:
        """See `Kube.patch`."""
        with told():
            return await super().patch(resource, namespace, name, body, sub)

    async def create(self, resource: Resource, namespace: str, body: Json) -> Json:
        """See `Kube.create`."""
        with told():
            return await super().create(resource, namespace, body)

    async def write(self, resource: Resource, body: Json, *, replace: bool, dry: bool = False) -> Json:
        """Make this object, or put it in the place of the one of its name; dry: only have the API server look at it.

        Raises Conflict where one is there already or was changed meanwhile, Invalid with what is wrong by field.
        """
        meta = body["metadata"]
        path = resource.path(meta["namespace"], meta["name"] if replace else "")
        query = [("dryRun", "All" if dry else ""), ("fieldValidation", "Strict")]
        with told():
            try:
                return await self._json("PUT" if replace else "POST", path, query, body)
            except ApiException as refused:
                if refused.status == 409:
                    raise Conflict(meta["name"]) from refused
                raise

    async def _json(
        self, method: str, path: str, query: Query | None = None, body: Json | None = None, content: str = JSON
    ) -> Json:
        with understood():
            return await super()._json(method, path, query, body, content)

    async def _pages(
        self, resource: Resource, namespace: str | None, selector: str, accept: str
    ) -> AsyncIterator[Json]:
        with told():
            async for item in super()._pages(resource, namespace, selector, accept):
                yield item

    async def _raw(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Json | None = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> bytes:
        return await self._line.whole(method, path, query, body, content, accept)


def _select(selector: str, name: str) -> Query:
    return [("labelSelector", selector), ("fieldSelector", f"metadata.name={name}" if name else "")]

"""Plays the pods of a load cluster: says how each stage ends, pushes when a pod publishes, serves the agents' logs."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiohttp import web

from boardhand_api.order import Order
from boardhand_api.pod import LABEL_RUN, ORDER_ANNOTATION, Stage
from testbed.load.api import MERGE, context
from testbed.load.cluster import LoadCluster
from testbed.load.fate import FATE_ANNOTATION, PUBLISH_ANNOTATION, Fate, StageEnd, commit_of, green, told

Json = dict[str, Any]
Decide = Callable[[Order], Fate]
Pushed = Callable[[Order, str], Awaitable[None]]
"""Told of the order whose branch is pushed now, and the commit. Awaited before the pod's publish stage may end; what
it raises ends that stage with exit code 40 (Infrastructure)."""

_PATH = "/api/v1/pods"
_AGAIN_SECONDS = 0.2
_WATCH_SECONDS = 240
_OVER = ("Succeeded", "Failed")


class PushFailed(Exception):
    """Raised by the hook: nothing was pushed; the publish stage ends so, and the run is tried again."""


async def _nothing(order: Order, commit: str) -> None:
    del order, commit


class Player:
    """Watches the cluster's pods. decide: what becomes of an order's pod; pushed: see `Pushed`."""

    def __init__(self, cluster: LoadCluster, decide: Decide = green, pushed: Pushed = _nothing) -> None:
        self._layout = cluster.layout
        self._decide = decide
        self._pushed = pushed
        self._http = httpx.AsyncClient(
            base_url=self._layout.server,
            verify=context(self._layout),
            timeout=httpx.Timeout(30, read=None, pool=None),
            trust_env=False,
            limits=httpx.Limits(max_connections=20),
        )
        self._fates: dict[str, Fate] = {}
        self._logs: dict[tuple[str, str, str], str] = {}
        """By namespace, pod and container."""
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self.pods = 0
        """Pods that were given a fate."""

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[Player]:
        """Play for as long as the block runs."""
        runner = await self._serve_logs()
        watching = asyncio.create_task(self._watch_for_ever())
        try:
            yield self
        finally:
            tasks = {watching, *self._under_way.values()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await runner.cleanup()
            await self._http.aclose()

    async def _watch_for_ever(self) -> None:
        """List, watch, and begin again whenever the server is gone or the watch was cut."""
        while True:
            try:
                await self._watch(await self._list())
            except (httpx.HTTPError, json.JSONDecodeError):
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _list(self) -> str:
        answer = await self._http.get(_PATH, params={"labelSelector": LABEL_RUN}, timeout=30)
        answer.raise_for_status()
        found = answer.json()
        for pod in found["items"]:
            self._look(pod)
        return str(found["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> None:
        query = {
            "labelSelector": LABEL_RUN,
            "watch": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        async with self._http.stream("GET", _PATH, params=query) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                if event["type"] != "DELETED":
                    self._look(event["object"])

    def _look(self, pod: Json) -> None:
        """Give the pod its fate where it has none, and push for it where it publishes."""
        notes = pod["metadata"].get("annotations") or {}
        if ORDER_ANNOTATION not in notes or (pod.get("status") or {}).get("phase") in _OVER:
            return
        if FATE_ANNOTATION not in notes:
            self._begin(pod, FATE_ANNOTATION, self._tell_fate)
        elif PUBLISH_ANNOTATION not in notes and _publishes(pod):
            self._begin(pod, PUBLISH_ANNOTATION, self._publish)

    def _begin(self, pod: Json, note: str, do: Callable[[Json, Order], Awaitable[None]]) -> None:
        key = (pod["metadata"]["uid"], note)
        if key not in self._under_way:
            order = Order.model_validate_json(pod["metadata"]["annotations"][ORDER_ANNOTATION])
            task = asyncio.ensure_future(do(pod, order))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))

    def _fate(self, pod: Json, order: Order) -> Fate:
        """Decided once a pod: a function that draws lots is asked once."""
        uid = pod["metadata"]["uid"]
        if uid not in self._fates:
            self._fates[uid] = self._decide(order)
            self.pods += 1
        return self._fates[uid]

    async def _tell_fate(self, pod: Json, order: Order) -> None:
        fate = self._fate(pod, order)
        for stage, log in ((Stage.AGENT, fate.log()), (Stage.PUBLISH, fate.publish_log())):
            if log is not None:
                self._logs[pod["metadata"]["namespace"], pod["metadata"]["name"], stage.value] = log
        await self._annotate(pod, FATE_ANNOTATION, fate.annotation())

    async def _publish(self, pod: Json, order: Order) -> None:
        end = self._fate(pod, order).ends.get(Stage.PUBLISH)
        if end is None:
            return
        if end.exit_code == 0:
            try:
                await self._pushed(order, commit_of(order))
            except PushFailed as failed:
                end = StageEnd(message=str(failed), exit_code=40)
        await self._annotate(pod, PUBLISH_ANNOTATION, json.dumps(told(end)))

    async def _annotate(self, pod: Json, note: str, value: str) -> None:
        """Until it is done, or the pod is gone: the API server may be restarting.

        It answers 409 where many write a pod at once, and where the pod is another one by now; only the second names
        the UID.
        """
        about = pod["metadata"]
        body = {"metadata": {"uid": about["uid"], "annotations": {note: value}}}
        path = f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}"
        while True:
            try:
                answer = await self._http.patch(path, json=body, headers={"Content-Type": MERGE}, timeout=30)
                if answer.status_code in (200, 404) or (answer.status_code == 409 and about["uid"] in answer.text):
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _serve_logs(self) -> web.AppRunner:
        """The kubelet's end of `kubectl logs`, for agents and publishers: https with the nodes' certificate."""

        async def log(request: web.Request) -> web.Response:
            parts = request.match_info
            text = self._logs.get((parts["namespace"], parts["pod"], parts["container"]))
            if text is None:
                return web.Response(status=404, text="no such log")
            return web.Response(text=text)

        app = web.Application()
        app.add_routes([web.get("/containerLogs/{namespace}/{pod}/{container}", log)])
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self._layout.pki / "kubelet-server.crt", self._layout.pki / "kubelet-server.key")
        await web.TCPSite(runner, "127.0.0.1", self._layout.kubelet_port, ssl_context=tls).start()
        return runner


def _publishes(pod: Json) -> bool:
    rows = (pod.get("status") or {}).get("initContainerStatuses") or []
    return any(row["name"] == Stage.PUBLISH and "running" in row["state"] for row in rows)

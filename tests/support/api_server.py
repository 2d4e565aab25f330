"""An API server that speaks HTTP over a `FakeKube`: lists in pages, watches, patches, logs that grow, reviews."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from boardhand_operator.kube import Conflict, Resource
from tests.support.fake_kube import FakeKube, selects

Json = dict[str, Any]
ADA = "ada-token"
_LOOK = 0.02
_KINDS = {resource.value[1]: resource for resource in Resource}


@dataclass
class ApiServer:
    """Who may do what, and what it holds."""

    kube: FakeKube = field(default_factory=FakeKube)
    users: dict[str, str] = field(default_factory=lambda: {ADA: "ada@example.com"})
    """Names by bearer token."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """Verbs with plurals (and /sub) that nobody may: what stands here is refused."""
    logs: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Lines by pod and container."""
    growing: set[tuple[str, str]] = field(default_factory=set)
    """Logs whose container has not ended."""
    breaks: int = 0
    """So many streams of a log break after their first two lines."""
    alike: int = 1
    """So many lines of a log, one after the other, have the same time stamp."""
    busy: int = 0
    """So many requests are told that the API server cannot now."""
    forgotten: bool = False
    """Whether the next watch is told that its version is too old."""
    forgets: bool = False
    """Whether every watch is told so."""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path with query, and headers of each request."""
    seen: Callable[[str], None] = lambda path: None
    absent: set[str] = field(default_factory=set)
    """Plurals of kinds that nobody defined here."""
    version: Json = field(default_factory=lambda: {"major": "1", "minor": "34"})
    """What it says of itself; empty: it is no API server."""
    url: str = ""
    _streams: set[asyncio.Transport] = field(default_factory=set)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._known])
        app.router.add_post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self._access)
        app.router.add_post("/apis/authentication.k8s.io/v1/selfsubjectreviews", self._whoami)
        if self.version:
            app.router.add_get("/version", self._version)
        for base in ("/api/v1", "/apis/{group}/{version}"):
            app.router.add_route("*", base + "/{plural}", self._many)
            app.router.add_route("*", base + "/namespaces/{namespace}/{plural}", self._many)
            app.router.add_route("*", base + "/namespaces/{namespace}/{plural}/{name}", self._one)
            app.router.add_get(base + "/namespaces/{namespace}/pods/{name}/log", self._log)
        return app

    def kubeconfig(self, file: Path, token: str = ADA, namespace: str = "team") -> Path:
        """A file that leads here."""
        user = {"name": "u", "user": {"token": token}}
        context = {"name": "c", "context": {"cluster": "k", "user": "u", "namespace": namespace}}
        cluster = {"name": "k", "cluster": {"server": self.url}}
        body = {"clusters": [cluster], "users": [user], "contexts": [context], "current-context": "c"}
        file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config"} | body))
        return file

    @web.middleware
    async def _known(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        self.asked.append((request.method, request.path_qs, dict(request.headers)))
        self.seen(request.path_qs)
        if self.busy:
            self.busy -= 1
            return _status(503, "apiserver not ready")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.users:
            return _status(401, "Unauthorized")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response(self.version)

    async def _access(self, request: web.Request) -> web.Response:
        asked = (await request.json())["spec"]["resourceAttributes"]
        about = asked["resource"] + (f"/{asked['subresource']}" if asked.get("subresource") else "")
        return web.json_response({"status": {"allowed": (asked["verb"], about) not in self.denied}})

    async def _whoami(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        name = request.headers.get("Impersonate-User") or self.users[token]
        return web.json_response({"status": {"userInfo": {"username": name}}})

    def _refused(self, verb: str, plural: str) -> web.Response | None:
        if (verb, plural) in self.denied:
            return _status(403, f'{plural} is forbidden: User "ada" cannot {verb} resource "{plural}"')
        return None

    async def _many(self, request: web.Request) -> web.StreamResponse:
        plural, namespace = request.match_info["plural"], request.match_info.get("namespace")
        resource = _KINDS.get(plural)
        if resource is None or plural in self.absent:
            return _status(404, "the server could not find the requested resource")
        if request.method == "POST":
            return await self._create(request, resource)
        verb = "watch" if request.query.get("watch") else "list"
        if refused := self._refused(verb, plural):
            return refused
        if verb == "watch":
            return await self._watch(request, resource, namespace)
        found = self._matching(request, resource, namespace)
        first, limit = int(request.query.get("continue") or 0), int(request.query.get("limit") or 500)
        more = str(first + limit) if first + limit < len(found) else ""
        meta = {"resourceVersion": str(self.kube._version), "continue": more}
        return web.json_response({"metadata": meta, "items": found[first : first + limit]})

    def _matching(self, request: web.Request, resource: Resource, namespace: str | None) -> list[Json]:
        selector = request.query.get("labelSelector", "")
        name = request.query.get("fieldSelector", "").removeprefix("metadata.name=")
        return [
            body
            for (where, called), body in sorted(self.kube.objects[resource].items())
            if namespace in (None, where)
            and name in ("", called)
            and selects(selector, body["metadata"].get("labels") or {})
        ]

    async def _watch(self, request: web.Request, resource: Resource, namespace: str | None) -> web.StreamResponse:
        if self.forgotten or self.forgets:
            self.forgotten = False
            return _status(410, "too old resource version")
        response = await self._streaming(request)
        since = int(request.query.get("resourceVersion") or 0)
        known = {body["metadata"]["name"]: body for body in self._matching(request, resource, namespace)}
        versions = {name: int(body["metadata"]["resourceVersion"]) for name, body in known.items()}
        sent = {name: version for name, version in versions.items() if version <= since}
        while True:
            now = {body["metadata"]["name"]: body for body in self._matching(request, resource, namespace)}
            for name in sent.keys() - now.keys():
                sent.pop(name)
                await _event(response, "DELETED", known[name])
            for name, body in now.items():
                version = int(body["metadata"]["resourceVersion"])
                if sent.get(name) != version:
                    await _event(response, "MODIFIED" if name in sent else "ADDED", body)
                    sent[name] = version
            known = now
            await asyncio.sleep(_LOOK)

    def cut(self) -> None:
        """Break every stream."""
        for stream in self._streams:
            stream.abort()
        self._streams.clear()

    async def _streaming(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        assert request.transport is not None
        self._streams.add(request.transport)
        return response

    async def _create(self, request: web.Request, resource: Resource) -> web.Response:
        if refused := self._refused("create", resource.value[1]):
            return refused
        try:
            made = await self.kube.create(resource, request.match_info["namespace"], await request.json())
        except Conflict as taken:
            return _status(409, f'"{taken}" already exists')
        return web.json_response(made, status=201)

    async def _one(self, request: web.Request) -> web.Response:
        plural, namespace, name = (request.match_info[key] for key in ("plural", "namespace", "name"))
        verb = {"GET": "get", "PATCH": "patch", "DELETE": "delete"}[request.method]
        if refused := self._refused(verb, plural):
            return refused
        body: Json | None
        if request.method == "PATCH":
            body = await self.kube.patch(_KINDS[plural], namespace, name, await request.json())
        else:
            body = await self.kube.get(_KINDS[plural], namespace, name)
        return web.json_response(body) if body else _status(404, f'{plural} "{name}" not found')

    async def _log(self, request: web.Request) -> web.StreamResponse:
        key = (request.match_info["name"], request.query["container"])
        if refused := self._refused("get", "pods/log"):
            return refused
        if key not in self.logs:
            return _status(400, f"container {key[1]} is waiting to start: PodInitializing")
        response = await self._streaming(request)
        sent, follows = 0, request.query.get("follow") == "true"
        breaks, self.breaks = self.breaks > 0, max(0, self.breaks - 1)
        while True:
            for number, line in list(enumerate(self.logs[key]))[sent:]:
                stamp = (
                    f"2026-01-01T12:00:00.{number // self.alike + 1:09}Z " if request.query.get("timestamps") else ""
                )
                await response.write(f"{stamp}{line}\n".encode())
                sent += 1
                if breaks and sent >= 2:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
            if not follows or key not in self.growing:
                return response
            await asyncio.sleep(_LOOK)


async def _event(response: web.StreamResponse, kind: str, body: Json) -> None:
    await response.write(json.dumps({"type": kind, "object": body}).encode() + b"\n")


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": message}, status=code)


@asynccontextmanager
async def serving(server: ApiServer) -> AsyncIterator[ApiServer]:
    """On a port of its own, in this loop."""
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.cut()
        await runner.cleanup()


@contextmanager
def threaded(server: ApiServer) -> Iterator[ApiServer]:
    """The same in a thread: for programs that have a loop of their own."""
    loop, up = asyncio.new_event_loop(), threading.Event()

    async def serve(until: asyncio.Event) -> None:
        async with serving(server):
            up.set()
            await until.wait()

    until = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(until),), daemon=True)
    thread.start()
    assert up.wait(5)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join(5)
        loop.close()

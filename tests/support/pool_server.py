"""The API server as the pool's form meets it: pools are checked by their schema, replaced, and tried dry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import jsonschema
from aiohttp import web
from starlette.applications import Starlette

from boardhand_client.trials import Reach
from boardhand_dashboard.app import build
from boardhand_dashboard.form.schema import spec_schema
from boardhand_dashboard.form.trying import Tries
from boardhand_dashboard.settings import Settings
from boardhand_operator.kube import Conflict, Resource
from tests.support.api_server import ADA, ApiServer, serving

Json = dict[str, Any]
HOST = "http://dashboard.test"
_POOLS = Resource.POOLS.value[1]


@dataclass
class PoolServer(ApiServer):
    """What is `forbidden` is (verb, plural, namespace); `rules` say what the schema's CEL would."""

    forbidden: set[tuple[str, str, str]] = field(default_factory=set)
    rules: list[Callable[[Json], Json | None]] = field(default_factory=list)
    before_put: Callable[[], None] | None = None
    """What somebody else does right before a pool is replaced."""
    fails: list[str] = field(default_factory=list)
    """Plurals of which the next object is not made, though all is well with it."""
    writes: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of what was written, not dry."""

    async def _access(self, request: web.Request) -> web.Response:
        asked = (await request.json())["spec"]["resourceAttributes"]
        key = (asked["verb"], asked["resource"], asked["namespace"])
        return web.json_response({"status": {"allowed": key not in self.forbidden}})

    async def _create(self, request: web.Request, resource: Resource) -> web.Response:
        namespace, body = request.match_info["namespace"], await request.json()
        if refused := self._forbidden(request, "create", resource.value[1]):
            return refused
        if wrong := self._wrong(resource, body):
            return wrong
        if (namespace, body["metadata"]["name"]) in self.kube.objects[resource]:
            return _status(409, "AlreadyExists", "it is there")
        if request.query.get("dryRun"):
            return web.json_response(body, status=201)
        if resource.value[1] in self.fails:
            self.fails.remove(resource.value[1])
            return _status(500, "InternalError", "etcdserver: request timed out")
        self.writes.append(("POST", request.path))
        return web.json_response(self.kube.put(resource, namespace, body), status=201)

    async def _one(self, request: web.Request) -> web.Response:
        plural = request.match_info["plural"]
        verb = {"GET": "get", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}[request.method]
        if refused := self._forbidden(request, verb, plural):
            return refused
        if request.method == "PUT":
            return await self._put(request)
        if request.method == "PATCH":
            self.writes.append(("PATCH", request.path))
        return await super()._one(request)

    async def _put(self, request: web.Request) -> web.Response:
        body, namespace, name = await request.json(), request.match_info["namespace"], request.match_info["name"]
        if wrong := self._wrong(Resource.POOLS, body):
            return wrong
        if request.query.get("dryRun"):
            return web.json_response(body)
        if self.before_put:
            self.before_put()
            self.before_put = None
        guard = {"resourceVersion": body["metadata"]["resourceVersion"]}
        known = self.kube.objects[Resource.POOLS][(namespace, name)]
        if guard["resourceVersion"] != known["metadata"]["resourceVersion"]:
            return _status(409, "Conflict", "the object has been modified")
        self.writes.append(("PUT", request.path))
        known["spec"] = body["spec"]
        known["metadata"]["generation"] += 1
        return web.json_response(self.kube._touched(known))

    def _forbidden(self, request: web.Request, verb: str, plural: str) -> web.Response | None:
        namespace = request.match_info["namespace"]
        if (verb, plural, namespace) in self.forbidden:
            said = f'{plural} is forbidden: User "ada" cannot {verb} resource "{plural}" in the namespace "{namespace}"'
            return _status(403, "Forbidden", said)
        return None

    def _wrong(self, resource: Resource, body: Json) -> web.Response | None:
        if resource is not Resource.POOLS:
            return None
        found = [_cause(one) for one in jsonschema.Draft202012Validator(spec_schema()).iter_errors(body["spec"])]
        found += [cause for rule in self.rules if (cause := rule(body["spec"]))]
        return _status(422, "Invalid", "CodingAgent is invalid", found) if found else None

    def pool(self, name: str = "shop") -> Json:
        """As it is there."""
        return self.kube.objects[Resource.POOLS][("team", name)]

    def secret(self, name: str, namespace: str = "team") -> Json:
        return self.kube.objects[Resource.SECRETS][(namespace, name)]

    def put_pool(self, spec: Json, name: str = "shop") -> None:
        """As somebody else made it."""
        try:
            self.kube.put(Resource.POOLS, "team", {"metadata": {"name": name}, "spec": spec})
        except Conflict:
            known = self.kube.objects[Resource.POOLS][("team", name)]
            known["spec"] = spec
            known["metadata"]["generation"] += 1
            self.kube._touched(known)


def _cause(wrong: jsonschema.ValidationError) -> Json:
    path = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in wrong.absolute_path)
    return {"reason": "FieldValueInvalid", "field": f"spec{path}", "message": f"Invalid value: {wrong.message}"}


def _status(code: int, reason: str, message: str, causes: list[Json] | None = None) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    return web.json_response(body | {"details": {"causes": causes or []}}, status=code)


@dataclass
class Browser:
    """A visitor who is signed in, without JavaScript unless they say so."""

    server: PoolServer
    app: Starlette
    http: httpx.AsyncClient
    csrf: str

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def post(self, path: str, fields: dict[str, str], *, csrf: str | None = None, htmx: bool = False) -> Any:
        headers = {"HX-Request": "true"} if htmx else {}
        token = self.csrf if csrf is None else csrf
        return await self.http.post(path, data={**fields, "csrf": token}, headers=headers)


@asynccontextmanager
async def browsing(server: PoolServer, reach: Reach | None = None) -> AsyncIterator[Browser]:
    """The dashboard in front of this API server, with ada signed in."""
    async with serving(server):
        app = build(Settings(server=server.url))
        if reach is not None:
            app.state.tries = Tries(reach)
        cookies = {app.state.entrance.cookies.name: await app.state.entrance.by_token(ADA)}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=HOST, cookies=cookies) as http:
            visitor = await app.state.entrance.logins.find(next(iter(cookies.values())))
            yield Browser(server, app, http, visitor.csrf)
            await app.state.entrance.logins.close()

"""A dashboard before an API server over HTTP, where each user has rights of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.testclient import TestClient

from boardhand_dashboard.app import build
from boardhand_dashboard.settings import Settings
from testbed.cluster.certificates import Authority
from tests.support.api_server import ApiServer, threaded

_asked: ContextVar[tuple[str, str]] = ContextVar("asked")
"""Who asks, and of which namespace."""
ADDRESS = "https://boardhand.example"


@dataclass
class ApiOfMany(ApiServer):
    """What stands in `rights` is allowed, to that user: verb, plural, namespace (empty: in all)."""

    rights: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)

    groups: list[list[str]] = field(default_factory=list)
    """Those that each request was made as a member of, by impersonation."""

    def _user(self, request: web.Request) -> str:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return request.headers.get("Impersonate-User") or self.users.get(token, "")

    @web.middleware
    async def _known(self, request: web.Request, handler: Any) -> web.StreamResponse:
        _asked.set((self._user(request), request.match_info.get("namespace", "")))
        self.groups.append(request.headers.getall("Impersonate-Group", []))
        return await ApiServer._known(self, request, handler)

    def app(self) -> web.Application:
        app = super().app()
        app.middlewares[:] = [self._known]
        return app

    async def _access(self, request: web.Request) -> web.Response:
        asked = (await request.json())["spec"]["resourceAttributes"]
        plural = asked["resource"] + (f"/{asked['subresource']}" if asked.get("subresource") else "")
        allowed = self._may(self._user(request), asked["verb"], plural, asked["namespace"])
        return web.json_response({"status": {"allowed": allowed}})

    def _may(self, user: str, verb: str, plural: str, namespace: str) -> bool:
        return not self.rights.get(user, set()).isdisjoint({(verb, plural, namespace), (verb, plural, "")})

    def _refused(self, verb: str, plural: str) -> web.Response | None:
        user, namespace = _asked.get()
        if self._may(user, verb, plural, namespace):
            return None
        said = f'{plural} is forbidden: User "{user}" cannot {verb} resource "{plural}"'
        return web.json_response({"kind": "Status", "code": 403, "message": said}, status=403)


def authority(folder: Path) -> Path:
    """A PEM bundle of one: with none, each session would read all that this machine knows, which takes 30 ms."""
    made = folder / "ca.crt"
    made.write_bytes(Authority().certificate.public_bytes(Encoding.PEM))
    return made


@contextmanager
def dashboard(server: ApiServer, address: str = ADDRESS, **settings: Any) -> Iterator[TestClient]:
    """A browser before a dashboard before this API server, which is started."""
    with threaded(server), TemporaryDirectory() as folder:
        app = build(Settings(server=server.url, ca=authority(Path(folder)), **settings))
        with TestClient(app, base_url=address, follow_redirects=False) as browser:
            yield browser


def other(browser: TestClient) -> TestClient:
    """Another browser at the same dashboard: it has no cookie of the first one."""
    fresh = TestClient(browser.app, base_url=str(browser.base_url), follow_redirects=False)
    fresh.portal = browser.portal
    return fresh


def hidden(page: str, name: str) -> str:
    """The value of a form's hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return found[1]


def sign_in(browser: TestClient, token: str, **more: Any) -> Any:
    """What the dashboard answers to this token."""
    door = hidden(browser.get("/login").text, "door")
    origin = str(browser.base_url).rstrip("/")
    headers = {"Origin": origin} | more.pop("headers", {})
    return browser.post("/login", data={"door": door, "token": token} | more, headers=headers)

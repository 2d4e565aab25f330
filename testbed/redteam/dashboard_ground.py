"""What the dashboard is attacked on: the real application on a port, before an API server at the level of HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.applications import Starlette

from boardhand_dashboard.app import build
from boardhand_dashboard.live.feeds import Feeds
from boardhand_dashboard.live.viewers import Pace
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.visitor import Visitor
from boardhand_operator.kube import Resource
from testbed.redteam.attack import Outcome
from tests.contract.serving import serving as on_a_port
from tests.support.api_server import serving
from tests.support.visitors import ApiOfMany

Json = dict[str, Any]
Off = AbstractContextManager[object]
SPACE, RUN, POD = "shop", "run-1", "run-1-1-x"
ADA, EVE = "ada-token-4f1c", "eve-token-90be"
LOOKS = {("list", "ticketruns", SPACE), ("watch", "ticketruns", SPACE), ("get", "ticketruns", SPACE)}
PODS = {("list", "pods", SPACE), ("watch", "pods", SPACE), ("get", "pods/log", SPACE)}
POOLS = {(verb, "codingagents", SPACE) for verb in ("get", "list", "watch", "create", "update")}
ACTS = {("patch", "ticketruns", SPACE), ("create", "ticketruns", SPACE)}
ELSEWHERE = {(verb, plural, "till") for verb, plural, _ in LOOKS | PODS | POOLS | ACTS}
CANARY = "nobody-else-may-read-this"
"""In everything that ada may see, and eve may not."""
PACE = Pace(spacing=0.01, review=0.2, answer=1, holds=0.6, linger=0.05)
SECONDS = 5.0


@dataclass
class House:
    """A dashboard and its API server. Ada may all that there is in her namespace; eve has a namespace of her own."""

    server: ApiOfMany
    app: Starlette
    url: str
    asked: list[httpx.AsyncClient] = field(default_factory=list)

    async def visitor(self, token: str) -> tuple[httpx.AsyncClient, Visitor]:
        """A browser that is signed in, and whom the dashboard takes it for."""
        entrance = self.app.state.entrance
        cookie = await entrance.by_token(token)
        visitor = await entrance.logins.find(cookie)
        assert visitor is not None
        headers = {"cookie": f"{entrance.cookies.name}={cookie}"}
        client = httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=SECONDS)
        self.asked.append(client)
        return client, visitor

    def put(self, resource: Resource, name: str, body: Json, status: Json | None = None, space: str = SPACE) -> None:
        body = {"metadata": {"name": name, **body.pop("metadata", {})}, **body}
        self.server.kube.remove(resource, (space, name))
        self.server.kube.put(resource, space, body)
        self.server.kube.set_status(resource, (space, name), status or {})

    def put_run(self, ticket: Json | None = None, name: str = RUN, **status: Any) -> None:
        told = {"id": "1", "key": "SHOP-1", "title": f"A basket {CANARY}"} | (ticket or {})
        self.put(Resource.RUNS, name, {"spec": {"pool": "web", "ticket": told}}, {"phase": "Working"} | status)

    def put_pod(self, agent: list[str], publish: list[str] | None = None) -> None:
        """The run's pod with these logs."""
        ran = {"terminated": {"exitCode": 0, "finishedAt": "2026-11-23T10:00:09Z", "startedAt": "2026-11-23T10:00:01Z"}}
        states = [{"name": name, "state": ran} for name in ("agent", "publish")]
        spec = {"initContainers": [{"name": "agent"}, {"name": "publish"}]}
        body = {"metadata": {"labels": {"boardhand.dev/run": RUN}}, "spec": spec}
        self.put(Resource.PODS, POD, body, {"phase": "Running", "initContainerStatuses": states})
        self.server.logs[POD, "agent"] = agent
        self.server.logs[POD, "publish"] = publish or []
        self.server.growing.add((POD, "agent"))

    @property
    def cancelled(self) -> bool:
        spec: Json = self.server.kube.objects[Resource.RUNS][SPACE, RUN]["spec"]
        return bool(spec.get("cancel"))


@asynccontextmanager
async def house(**settings: Any) -> AsyncIterator[House]:
    """One with a run in it."""
    rights = {"ada": LOOKS | PODS | POOLS | ACTS, "eve": set(ELSEWHERE)}
    server = ApiOfMany(users={ADA: "ada", EVE: "eve"}, rights=rights)
    async with serving(server):
        app = build(Settings(server=server.url, **settings))
        app.state.feeds = Feeds(PACE)
        async with on_a_port(app) as url:
            made = House(server, app, url)
            made.put_run()
            try:
                yield made
            finally:
                for client in made.asked:
                    await client.aclose()
                await app.state.entrance.logins.close()


def tried(attempt: Callable[[House], Awaitable[Outcome]], off: Off | None = None, **settings: Any) -> Outcome:
    """The attempt in a house of its own, with a guard off where one is given."""

    async def inside() -> Outcome:
        async with house(**settings) as here:
            with off or nullcontext():
                return await attempt(here)

    return asyncio.run(inside())


async def stream(client: httpx.AsyncClient, path: str, until: str = "", seconds: float = 1.5) -> str:
    """What a live page is sent, up to these words or for so long."""
    heard = ""
    with suppress(TimeoutError, httpx.TimeoutException):
        async with asyncio.timeout(seconds), client.stream("GET", path) as answer:
            if answer.status_code != 200:
                return f"{answer.status_code}"
            async for piece in answer.aiter_text():
                heard += piece
                if until and until in heard:
                    break
    return heard


class Markup(HTMLParser):
    """What a browser would make of a page that strangers' text may have: elements, attributes and where links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def step(text: str, **more: Any) -> str:
    """A line of the agent's log."""
    told = {"event": "step", "at": "2026-11-23T10:00:00Z", "number": 1, "role": "coder", "text": text}
    return json.dumps(told | more)

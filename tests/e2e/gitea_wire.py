"""What lies between the operator's side and the testbed's Gitea: faults as the stand-ins have them, another clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from boardhand_operator.http.transport import Connection
from tests.contract.board_wires import Wire

_DATE = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))"')


@dataclass
class Faulty(httpx.AsyncBaseTransport):
    """Passes requests on, but for those that a fault strikes; `off` turns the clock by which the server answers."""

    inner: httpx.AsyncBaseTransport
    faults: list[dict[str, Any]] = field(default_factory=list)
    off: float = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for fault in self.faults:
            if re.search(fault["match"], f"{request.method} {request.url.path}") and fault.get("times", 1) > 0:
                if "times" in fault:
                    fault["times"] -= 1
                if fault.get("after"):
                    await (await self._passed_on(request)).aclose()
                return httpx.Response(fault["status"], headers=fault.get("headers"), json={"message": "a fault"})
        return await self._passed_on(request)

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _passed_on(self, request: httpx.Request) -> httpx.Response:
        if not self.off:
            return await self.inner.handle_async_request(request)
        answer = await self.inner.handle_async_request(self._by_its_clock(request))
        body = _DATE.sub(
            lambda found: b'"' + _shifted(found[1].decode(), self.off).encode() + b'"', await answer.aread()
        )
        kept = ("content-length", "content-encoding", "transfer-encoding")
        headers: Mapping[str, str] = {name: value for name, value in answer.headers.items() if name not in kept}
        await answer.aclose()
        return httpx.Response(answer.status_code, headers=headers, content=body)

    def _by_its_clock(self, request: httpx.Request) -> httpx.Request:
        since = request.url.params.get("since")
        if since is None:
            return request
        url = request.url.copy_set_param("since", _shifted(since, -self.off))
        return httpx.Request(request.method, url, headers=request.headers, content=request.content)


def _shifted(date: str, seconds: float) -> str:
    if date.startswith("0001"):
        # What has not happened.
        return date
    return (datetime.fromisoformat(date) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@dataclass
class RealGitea:
    """One repository at the testbed's Gitea: calls by people, and the wire."""

    admin: httpx.AsyncClient
    """Calls below the repository's own address, by the administrator."""
    faulty: Faulty
    wire: Wire

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """What a person does through the API; the answer's JSON."""
        answer = await self.admin.request(method, path, json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    @property
    def connection(self) -> Connection:
        return Connection(transport=self.wire)

    async def fault(self, **fault: Any) -> None:
        self.faulty.faults.append(fault)

    async def clock(self, seconds: float) -> None:
        self.faulty.off = seconds

    async def hooks_to(self, address: str) -> int:
        return sum(hook["config"].get("url") == address for hook in await self.ask("GET", "/hooks"))


def client(base: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base, headers={"authorization": f"token {token}"}, timeout=30, trust_env=False)

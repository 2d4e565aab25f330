"""How trials reach out from a server that others tell where to: pages that are errors are not read out to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import httpx

from boardhand_client.trials import Reach
from boardhand_operator.http.transport import Connection


@dataclass(frozen=True)
class Quiet(Reach):
    """Of an answer that is an error only what is JSON counts: the API's own sentence. All else may be the page of a
    server that is no board, forge or model."""

    def connection(self) -> Connection:
        """See Reach."""
        found = super().connection()
        assert found.transport is not None
        return replace(found, transport=_Muted(found.transport))

    def quoted(self, said: str) -> str:
        """See Reach. Only what ssh itself says: whoever answers there may be no server of git's."""
        return "\n".join(line for line in said.splitlines() if line.startswith("ssh: "))


class _Muted(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if answer.status_code < 400 or "json" in answer.headers.get("content-type", ""):
            return answer
        await answer.aclose()
        kept = [(name, value) for name, value in answer.headers.items() if not name.startswith("content-")]
        kept = [(name, value) for name, value in kept if name != "transfer-encoding"]
        return httpx.Response(answer.status_code, headers=kept, stream=httpx.ByteStream(b""), request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()

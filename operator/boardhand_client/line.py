"""A session's line to the API server: requests by one identity, whose credential is got anew where it ran out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import client
from multidict import CIMultiDict

from boardhand_client.errors import Unreachable
from boardhand_client.identity import Identity
from boardhand_client.refusals import refusal
from boardhand_operator.kube import Json, Query

JSON = "application/json"
_SECONDS = 30.0
_STILL_SECONDS = 600.0
"""A stream that says nothing for so long is opened anew: what it went through may have forgotten it."""


class Line:
    """Asks the API server as one identity. Raises SessionError, and ApiException (400, 404, 409) where callers have an
    answer to it."""

    def __init__(self, api: client.ApiClient, identity: Identity) -> None:
        self._api = api
        self._identity = identity

    @property
    def server(self) -> str:
        """Address of the API server."""
        return str(self._identity.settings.host)

    async def whole(
        self, method: str, path: str, query: Query | None, body: Json | None, content: str, accept: str
    ) -> bytes:
        """A good answer's body. content, accept: media types of what is sent and of what is asked for."""
        patience = aiohttp.ClientTimeout(total=_SECONDS)
        async with self.open(method, path, query, body, content, accept, patience) as response:
            return await response.read()

    def stream(self, path: str, query: Query) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """A good answer that goes on as long as there is something to say."""
        patience = aiohttp.ClientTimeout(total=None, sock_connect=_SECONDS, sock_read=_STILL_SECONDS)
        return self.open("GET", path, query, None, JSON, JSON, patience)

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Json | None,
        content: str,
        accept: str,
        patience: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good response, to be read while the block runs. patience: how long which part of it may take."""
        pairs = [pair for pair in query or () if pair[1] != ""]
        url = f"{self.server}{path}{'?' if pairs else ''}{urlencode(pairs)}"
        try:
            response = await self._sent(method, url, body, content, accept, patience)
            if response.status == 401 and self._identity.renew is not None:
                response.close()
                await self._identity.renew()
                response = await self._sent(method, url, body, content, accept, patience)
            try:
                if not 200 <= response.status <= 299:
                    raise refusal(response.status, response.reason or "", await response.read())
                yield response
            finally:
                # What was read to its end goes back to the pool; a stream that is left is cut off.
                response.close() if not response.content.at_eof() else response.release()
        except (aiohttp.ClientError, OSError, TimeoutError) as broken:
            said = str(broken) or type(broken).__name__
            raise Unreachable(f"the cluster at {self.server} cannot be reached: {said}") from None

    async def _sent(
        self, method: str, url: str, body: Json | None, content: str, accept: str, patience: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        headers: CIMultiDict[str] = CIMultiDict(self._identity.headers())
        headers["Accept"], headers["Content-Type"], headers["User-Agent"] = accept, content, "boardhand"
        try:
            answer = await self._api.rest_client.request(method, url, headers, body, _request_timeout=patience)
        except ValueError as wrong:
            # A host that no name server can be asked for, or a token that no header can hold.
            raise Unreachable(f"the cluster at {self.server} cannot be asked: {wrong}") from None
        response: aiohttp.ClientResponse = answer.response
        return response

"""One transport for every board and forge: time-outs, bounded answers, careful retries, pages, errors of one tree."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from boardhand_operator.errors import Misconfigured, RateLimited, Remote, RemoteUnavailable
from boardhand_operator.http.answers import Answer, Vendor, data_of, error_of, next_page
from boardhand_operator.http.calls import heard
from boardhand_operator.http.exchange import Connection as Connection
from boardhand_operator.http.exchange import Exchange, Params
from boardhand_operator.http.pace import WAIT_SECONDS, Pace
from boardhand_operator.http.remembered import Remembered, condition

RETRIES = 2
"""A read is repeated so often."""
PAGES = 200
"""So many pages are read of one list."""
JSON = "application/json"


class Authorization(Protocol):
    """Credentials that change, such as tokens that live an hour."""

    async def __call__(self) -> Mapping[str, str]:
        """The headers of the next request. Raises Remote and Misconfigured."""
        ...

    def refused(self) -> None:
        """The last ones were (401): do not give them again."""
        ...


def segment(text: str) -> str:
    """The text as one segment of a path: a slash in it stays a part of it."""
    return quote(text, safe="")


class Client:
    """Requests to one service with the credentials of one pool."""

    def __init__(
        self,
        vendor: Vendor,
        base_url: str,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        connection: Connection,
        *,
        authorize: Authorization | None = None,
        always: Params | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """secrets: what no message may hold. always: parameters of every request that does not give others.

        Raises Misconfigured where a header or the bundle cannot be used.
        """
        self._vendor = vendor
        self._exchange = Exchange(vendor, base_url, headers, secrets, connection)
        self._authorize = authorize
        self._always = dict(always or {})
        self._may_write = connection.may_write
        self._hear = connection.hear
        self._sleep = sleep
        self._clock = clock
        self._remembered = Remembered()
        self._pace = Pace(vendor, sleep, clock)

    async def get(self, operation: str, path: str, params: Params | None = None, *, remember: bool = False) -> Any:
        """The JSON answer to a GET. Short failures are retried; raises Remote and Misconfigured.

        operation: what is asked for, for messages, such as "read board b". path: with its segments quoted. remember:
        the answer is kept, and asked for again only where it changed, which many a vendor counts as no request.
        """
        return data_of(self._vendor, operation, await self._read("GET", operation, path, params, remember=remember))

    async def text(
        self, operation: str, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """The answer to a GET that is no JSON, as text; what is no UTF-8 in it is replaced."""
        answer = await self._read("GET", operation, path, params, headers={"accept": "*/*", **(headers or {})})
        return answer.body.decode("utf-8", "replace")

    async def pages(
        self, operation: str, path: str, params: Params | None = None, *, most: int = PAGES, remember: bool = False
    ) -> AsyncIterator[Any]:
        """The JSON of page after page, as each names the next in its Link header (RFC 8288).

        Raises RemoteUnavailable where there are more than `most`: a list that is cut would be taken for whole.
        """
        there: str | None = path
        for _ in range(most):
            if there is None:
                return
            answer = await self._read("GET", operation, there, params, remember=remember)
            yield data_of(self._vendor, operation, answer)
            there, params = next_page(answer), None
        if there is not None:
            raise RemoteUnavailable(self._vendor.name, operation, f"the list has more than {most} pages")

    async def ask(
        self,
        operation: str,
        path: str,
        body: Any,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> Any:
        """The JSON answer to a POST that changes nothing, such as a query: retried as a GET is."""
        content = _bytes(body)
        headers = {"content-type": content_type, **(headers or {})}
        answer = await self._read("POST", operation, path, params, content=content, headers=headers)
        return data_of(self._vendor, operation, answer)

    async def send(
        self,
        method: str,
        operation: str,
        path: str,
        body: Any = None,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> Any:
        """The JSON answer to a write, sent once: whether to repeat it is the caller's to know. body None: without."""
        await self._pace.turn(operation)
        content = None if body is None else _bytes(body)
        kind = {} if body is None else {"content-type": content_type}
        answer = await self._once(method, operation, path, params, content, {**kind, **(headers or {})}, writes=True)
        return data_of(self._vendor, operation, answer)

    def failure(self, operation: str, answer: Answer) -> Remote | None:
        """The error that an answer means, or None for a good one; without the credentials."""
        failed = error_of(self._vendor, operation, answer, datetime.now(UTC))
        return self.cleaned(failed) if failed else None

    def cleaned(self, failed: Remote) -> Remote:
        """The error without the credentials."""
        failed.message = self._exchange.clean(failed.message)
        failed.args = tuple(self._exchange.clean(str(part)) for part in failed.args)
        return failed

    def misled(self, operation: str, wrong: Misconfigured) -> Remote | None:  # noqa: ARG002 (for those who know more)
        """The error that a redirect to another host means at this vendor, or None: the address is wrong."""
        return None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.aclose()

    async def _read(
        self,
        method: str,
        operation: str,
        path: str,
        params: Params | None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        remember: bool = False,
    ) -> Answer:
        known = str(httpx.URL(path, params=params or None)) if remember else None
        tries = 0
        while True:
            try:
                await self._pace.turn(operation)
                last = self._remembered.last(known) if known else None
                wanted = {**(headers or {}), **condition(last)}
                answer = await self._once(method, operation, path, params, content, wanted)
                return self._remembered.whole(known, answer, last) if known else answer
            except (RemoteUnavailable, RateLimited) as failed:
                patience = 0.0 if isinstance(failed, RateLimited) else 0.5 * 2**tries
                wait = max(failed.retry_after or 0.0, patience)
                if tries == RETRIES or wait > WAIT_SECONDS:
                    raise
                tries += 1
                await self._sleep(wait)

    async def _once(
        self,
        method: str,
        operation: str,
        path: str,
        params: Params | None,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        writes: bool = False,
    ) -> Answer:
        """A good answer. One that was refused for credentials which change is asked for again with new ones."""
        for last in (self._authorize is None, True):
            changing = await self._authorize() if self._authorize else {}
            self._exchange.keep_secret(*changing.values())
            # Right before: to be authorized takes a request of its own, as does the try before.
            if writes and not self._may_write():
                sentence = "nothing is sent: this operator holds its Lease no longer"
                raise RemoteUnavailable(self._vendor.name, operation, sentence)
            answering = self._answer(method, operation, path, params, content, {**changing, **headers})
            answer = await heard(self._hear, self._vendor.name, answering, self._clock)
            if answer.status == 401 and self._authorize:
                self._authorize.refused()
            if answer.status != 401 or last:
                break
        self._pace.told(answer)
        if failed := self.failure(operation, answer):
            raise failed
        return answer

    async def _answer(
        self,
        method: str,
        operation: str,
        path: str,
        params: Params | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        given = {**self._always, **(params or {})}
        try:
            return await self._exchange(method, operation, path, params=given, content=content, headers=headers)
        except Misconfigured as wrong:
            if failed := self.misled(operation, wrong):
                raise failed from wrong
            raise


def _bytes(body: Any) -> bytes:
    """In ASCII: half of a surrogate pair, which JSON may hold, has no place in UTF-8."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()

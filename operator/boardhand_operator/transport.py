"""One transport for every board and forge: time-outs, bounded answers, careful retries, errors of one tree."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

from boardhand_operator.answers import Answer, Vendor, data_of, error_of, spacing
from boardhand_operator.errors import Misconfigured, RateLimited, Remote, RemoteUnavailable

ANSWER_BYTES = 10 * 1024 * 1024
"""A longer answer is refused."""
REQUEST_SECONDS = 60.0
"""A request and its answer take no longer, however slowly the bytes come."""
RETRIES = 2
"""A GET is repeated so often."""
WAIT_SECONDS = 3.0
"""A longer wait is not made here: the caller is told how long, and sleeps where others can see it."""
REDIRECTS = 3
SECRET_LENGTH = 8
"""A shorter credential is not taken out of messages: it would take words out of them."""


@dataclass(frozen=True)
class Connection:
    """How to reach a board or a forge, whichever it is."""

    certificates: Path | None = None
    """PEM bundle of the authorities to trust; absent: certifi's."""
    proxy: str | None = None
    """Address of an HTTP proxy; absent: as the environment says."""
    transport: httpx.AsyncBaseTransport | None = None
    """Sends the requests in place of the network, such as httpx.ASGITransport; then `proxy` does not apply."""
    may_write: Callable[[], bool] = lambda: True
    """Asked right before each write: whether this operator is still the one that works."""


def segment(text: str) -> str:
    """The text as one segment of a path: a slash in it stays a part of it."""
    return quote(text, safe="")


class Client:
    """Requests to one service with the credentials of one pool; connections are kept and reused."""

    def __init__(
        self,
        vendor: Vendor,
        base_url: str,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        connection: Connection,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """secrets: what no message may hold. Raises Misconfigured where a header or the bundle cannot be used."""
        self._vendor = vendor
        self._base = base_url.rstrip("/")
        self._secrets = [secret for secret in secrets if len(secret) >= SECRET_LENGTH]
        self._sleep = sleep
        self._may_write = connection.may_write
        self._clock = clock
        self._spacing = 0.0
        self._free_at = 0.0
        """When the next request may be sent without using up what the vendor's limit leaves."""
        for value in headers.values():
            if not (value.isascii() and value.isprintable()):
                raise Misconfigured(
                    "SecretMalformed",
                    f"The credentials of {vendor.name} hold a line break or a letter outside ASCII: "
                    "put the bare value into the Secret.",
                )
        # Under load its requests cost a fifth of what httpx' own transport takes.
        self._http = HttpxAiohttpClient(
            headers={"accept": "application/json", "user-agent": "boardhand", **headers},
            timeout=httpx.Timeout(30, connect=10),
            verify=_trust(connection.certificates),
            proxy=None if connection.transport else connection.proxy,
            transport=connection.transport,
            follow_redirects=False,
        )

    async def get(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON answer to a GET. Short failures are retried; raises Remote and Misconfigured.

        operation: what is asked for, for messages, such as "read board b". path: with its segments quoted.
        """
        tries = 0
        while True:
            try:
                await self._take_turn(operation)
                return await self._once("GET", operation, path, params=params)
            except (RemoteUnavailable, RateLimited) as failed:
                patience = 0.0 if isinstance(failed, RateLimited) else 0.5 * 2**tries
                wait = max(failed.retry_after or 0.0, patience)
                if tries == RETRIES or wait > WAIT_SECONDS:
                    raise
                tries += 1
                await self._sleep(wait)

    async def send(self, method: str, operation: str, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a write, sent once: whether to repeat it is the caller's to know."""
        await self._take_turn(operation)
        if not self._may_write():
            sentence = "nothing is sent: this operator holds its Lease no longer"
            raise RemoteUnavailable(self._vendor.name, operation, sentence)
        return await self._once(method, operation, path, body=body)

    def failure(self, operation: str, answer: Answer) -> Remote | None:
        """The error that an answer means, or None for a good one; without the credentials."""
        failed = error_of(self._vendor, operation, answer, datetime.now(UTC))
        return self._scrubbed(failed) if failed else None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _once(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        request = self._http.build_request(method, self._base + path, params=params, json=body)
        answer = await self._exchange(operation, request)
        for _ in range(REDIRECTS):
            if not 300 <= answer.status < 400:
                break
            request = self._redirected(operation, request, answer)
            answer = await self._exchange(operation, request)
        self._note_limits(answer)
        failed = self.failure(operation, answer)
        if failed:
            raise failed
        return data_of(self._vendor, operation, answer)

    async def _take_turn(self, operation: str) -> None:
        """Wait where the vendor's limit is nearly used up. Raises RateLimited, with nothing sent, for a long wait."""
        now = self._clock()
        wait = max(0.0, self._free_at - now)
        if wait > WAIT_SECONDS:
            sentence = "nearly all requests that its limit allows are used up"
            raise RateLimited(self._vendor.name, operation, sentence, retry_after=wait)
        self._free_at = now + wait + self._spacing
        if wait:
            await self._sleep(wait)

    def _note_limits(self, answer: Answer) -> None:
        self._spacing = spacing(answer.headers)
        self._free_at = self._clock() + self._spacing

    async def _exchange(self, operation: str, request: httpx.Request) -> Answer:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = await self._http.send(request, stream=True)
                try:
                    return Answer(answer.status_code, answer.headers, await self._read(operation, answer))
                finally:
                    await answer.aclose()
        except TimeoutError as late:
            sentence = f"no whole answer within {REQUEST_SECONDS:g} seconds"
            raise RemoteUnavailable(self._vendor.name, operation, sentence) from late
        except (httpx.HTTPError, aiohttp.ClientError) as failed:
            raise self._unreachable(operation, failed) from failed

    async def _read(self, operation: str, answer: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > ANSWER_BYTES:
                sentence = f"answered with more than {ANSWER_BYTES} bytes"
                raise RemoteUnavailable(self._vendor.name, operation, sentence)
        return bytes(body)

    def _redirected(self, operation: str, request: httpx.Request, answer: Answer) -> httpx.Request:
        """The same request at the place the answer points to; credentials go to no other host."""
        here = str(request.url)
        there = urljoin(here, answer.headers.get("location", ""))
        same_host = urlsplit(here)[:2] == urlsplit(there)[:2]
        if not same_host or not (request.method == "GET" or answer.status in (307, 308)):
            origin = "{}://{}".format(*urlsplit(there)[:2])
            raise Misconfigured(
                "Redirected",
                f"{self._vendor.name}, asked to {operation}, points to {origin}: give the pool the address "
                "that answers itself.",
            )
        return self._http.build_request(request.method, there, content=request.content, headers=_content(request))

    def _unreachable(self, operation: str, failed: httpx.HTTPError | aiohttp.ClientError) -> Remote | Misconfigured:
        text = self._scrub(str(failed)) or "the connection broke"
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return Misconfigured(
                "CertificateUntrusted",
                f"{self._vendor.name} at {self._base} shows a certificate that is not trusted: "
                "give its authority in spec.certificates.",
            )
        return RemoteUnavailable(self._vendor.name, operation, f"{type(failed).__name__}: {text}")

    def _scrub(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
        return text

    def _scrubbed(self, failed: Remote) -> Remote:
        failed.message = self._scrub(failed.message)
        failed.args = tuple(self._scrub(str(part)) for part in failed.args)
        return failed


def _content(request: httpx.Request) -> dict[str, str]:
    kind = request.headers.get("content-type")
    return {"content-type": kind} if kind else {}


def _trust(bundle: Path | None) -> ssl.SSLContext | bool:
    if bundle is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(bundle))
    except (OSError, ssl.SSLError) as wrong:
        raise Misconfigured(
            "CertificatesUnreadable", f"The certificate bundle {bundle} cannot be used: {wrong}."
        ) from wrong

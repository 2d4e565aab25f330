"""One request and its answer over HTTP: bounded in time and bytes, redirects within the host, no secret in an error."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

from boardhand_api.redaction import Redaction
from boardhand_operator.errors import Misconfigured, Remote, RemoteUnavailable
from boardhand_operator.http.answers import Answer, Vendor
from boardhand_operator.http.calls import Hear, nobody
from boardhand_operator.http.unpacking import ACCEPTED, Body, Unfit

ANSWER_BYTES = 10 * 1024 * 1024
"""A longer answer is refused."""
REQUEST_SECONDS = 60.0
"""A request and its answer take no longer, however slowly the bytes come."""
REDIRECTS = 3
SECRETS = 50
"""So many are taken out of messages: a client's own, and the newest of those that change."""
_PORTS = {"http": ":80", "https": ":443"}
SECRET_LENGTH = 8
"""A shorter credential is not taken out of messages: it would take words out of them."""

Params = Mapping[str, str | Sequence[str]]
"""Of a query; a sequence gives its name several times."""


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
    hear: Hear = nobody
    """Told of each request once it is answered, or failed."""


class Exchange:
    """Requests to one service; connections are kept and reused."""

    def __init__(
        self, vendor: Vendor, base_url: str, headers: Mapping[str, str], secrets: Sequence[str], connection: Connection
    ) -> None:
        """secrets: what no message may hold. Raises Misconfigured where a header or the bundle cannot be used."""
        self._vendor = vendor
        self._base = base_url.rstrip("/")
        self._secrets = Redaction(SECRETS)
        self.keep_secret(*secrets)
        for value in headers.values():
            if not (value.isascii() and value.isprintable()):
                raise Misconfigured(
                    "SecretMalformed",
                    f"The credentials of {vendor.name} hold a line break or a letter outside ASCII: "
                    "put the bare value into the Secret.",
                )
        # Under load its requests cost a fifth of what httpx' own transport takes.
        self._http = HttpxAiohttpClient(
            headers={
                "accept": "application/json",
                "accept-encoding": ACCEPTED,
                "user-agent": "boardhand",
                **headers,
            },
            timeout=httpx.Timeout(30, connect=10),
            verify=trust(connection.certificates),
            proxy=None if connection.transport else connection.proxy,
            transport=connection.transport,
            follow_redirects=False,
        )

    async def __call__(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        params: Params | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, whatever its status. path: below the base address, or a whole address of the same host.

        Raises RemoteUnavailable, and Misconfigured where another host is pointed to or a certificate is not trusted.
        """
        url = path if path.startswith(("http://", "https://")) else self._base + path
        there = self._there(operation, self._base, url)
        request = self._http.build_request(method, there, params=params or None, content=content, headers=headers)
        answer = await self._exchange(operation, request)
        for _ in range(REDIRECTS):
            if not 300 <= answer.status < 400 or answer.status == 304:
                break
            request = self._redirected(operation, request, answer)
            answer = await self._exchange(operation, request)
        return answer

    def clean(self, text: str) -> str:
        """The text without the credentials."""
        return self._secrets.clean(text)

    def keep_secret(self, *secrets: str) -> None:
        """Take these out of messages too."""
        self._secrets.know(secret for secret in secrets if len(secret) >= SECRET_LENGTH)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

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
        except httpx.InvalidURL as wrong:
            raise self._nowhere(operation, wrong) from wrong
        except (httpx.HTTPError, aiohttp.ClientError) as failed:
            raise self._unreachable(operation, failed) from failed

    async def _read(self, operation: str, answer: httpx.Response) -> bytes:
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        try:
            body = Body(answer.headers.get("content-encoding", ""), ANSWER_BYTES)
            async for chunk in answer.stream:
                body.feed(chunk)
        except Unfit as unfit:
            raise RemoteUnavailable(self._vendor.name, operation, f"answered {unfit}") from unfit
        return bytes(body.bytes)

    def _redirected(self, operation: str, request: httpx.Request, answer: Answer) -> httpx.Request:
        """The same request at the place the answer points to; credentials go to no other host."""
        there = self._there(operation, str(request.url), answer.headers.get("location", ""))
        if not (request.method == "GET" or answer.status in (307, 308)):
            raise self._elsewhere(operation, str(there))
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        return self._http.build_request(request.method, there, content=request.content, headers=headers)

    def _there(self, operation: str, here: str, target: str) -> httpx.URL:
        """The address of the same host that the target means, seen from here."""
        try:
            url = urljoin(here, target)
            same, there = _origin(here) == _origin(url), httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as wrong:
            raise self._nowhere(operation, wrong) from wrong
        if not same:
            raise self._elsewhere(operation, url)
        return there

    def _nowhere(self, operation: str, wrong: Exception) -> RemoteUnavailable:
        return RemoteUnavailable(self._vendor.name, operation, f"points to what is no address ({wrong})")

    def _elsewhere(self, operation: str, there: str) -> Misconfigured:
        origin = "{}://{}".format(*urlsplit(there)[:2])
        return Misconfigured(
            "Redirected",
            f"{self._vendor.name}, asked to {operation}, points to {origin}: give the pool the address "
            "that answers itself.",
        )

    def _unreachable(self, operation: str, failed: httpx.HTTPError | aiohttp.ClientError) -> Remote | Misconfigured:
        text = self.clean(str(failed)) or "the connection broke"
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return Misconfigured(
                "CertificateUntrusted",
                f"{self._vendor.name} at {self._base} shows a certificate that is not trusted: "
                "give its authority in spec.certificates.",
            )
        return RemoteUnavailable(self._vendor.name, operation, f"{type(failed).__name__}: {text}")


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host with its port, alike for one place however it is written. Raises ValueError."""
    scheme, host = urlsplit(url)[:2]
    return scheme, host.lower().removesuffix(_PORTS.get(scheme, " "))


def trust(bundle: Path | None) -> ssl.SSLContext | bool:
    """The authorities of this bundle, or those that come along. Raises Misconfigured where it cannot be used."""
    if bundle is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(bundle))
    except (OSError, ssl.SSLError) as wrong:
        raise Misconfigured(
            "CertificatesUnreadable", f"The certificate bundle {bundle} cannot be used: {wrong}."
        ) from wrong

"""How far a trial reaches: never to metadata services and what else is closed to runs, whatever a name resolves to.

The address that was looked at is the one that is connected to, so a name that resolves anew leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport

from boardhand_operator.errors import Misconfigured
from boardhand_operator.http.transport import Connection
from boardhand_operator.specs.network import ALWAYS_CLOSED

LOOPBACK = ("127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128")
"""What a server that others tell where to connect closes besides."""
SECONDS = 10.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Reach:
    """What a trial may connect to, and how long it may take."""

    certificates: Path | None = None
    """PEM bundle of the authorities to trust; absent: certifi's."""
    closed: tuple[str, ...] = ()
    """Ranges that are refused besides those that are closed to every run."""
    seconds: float = SECONDS
    """One trial takes no longer."""
    transport: httpx.AsyncBaseTransport | None = None
    """Sends the requests in place of the network."""

    def connection(self) -> Connection:
        """For one trial. Raises Misconfigured where the bundle cannot be used."""
        return Connection(transport=self.transport or Guarded(self.closed, _trust(self.certificates)))

    def quoted(self, said: str) -> str:
        """What is shown of a server's own words where it refuses."""
        return said

    async def address(self, host: str, port: int) -> str:
        """The address of this host to connect to, and to no other. Raises Misconfigured (AddressClosed), and OSError
        where the name has none."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        closed = _networks(self.closed)
        # Those of IPv4 first: many a machine resolves the others, and reaches none.
        addresses = sorted({str(one[4][0]) for one in found}, key=lambda one: (":" in one, one))
        for one in addresses:
            _see(closed, host, ipaddress.ip_address(one))
        return addresses[0]


class Guarded(AiohttpTransport):
    """The network without the closed ranges. Raises Misconfigured (AddressClosed)."""

    def __init__(self, closed: Sequence[str], trust: ssl.SSLContext) -> None:
        super().__init__(client=self._session)
        self._trust = trust
        self._closed = _networks(closed)

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(resolver=_Looking(self), ssl=self._trust)
        return aiohttp.ClientSession(connector=connector)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx. An address given as a number is looked at here: nothing resolves it."""
        host = request.url.host
        if address := _number(host):
            self.see(host, address)
        proxy = None if proxy_bypass(host) else getproxies().get(request.url.scheme)
        self.proxy = httpx.Proxy(proxy) if proxy else None
        return await super().handle_async_request(request)

    def see(self, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        """Raise Misconfigured where the address is closed."""
        _see(self._closed, host, address)


def _networks(closed: Sequence[str]) -> Sequence[Network]:
    return [ipaddress.ip_network(one) for one in (*ALWAYS_CLOSED, *closed)]


def _see(closed: Sequence[Network], host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if any((mapped or address) in net for net in closed):
        raise Misconfigured("AddressClosed", f"{host} is at an address that is closed to all trials: give another")


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that is written as a number: also as `127.1`, or as one number of 32 bits."""
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    with suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


class _Looking(AbstractResolver):
    """Names to addresses, none of them closed."""

    def __init__(self, guard: Guarded) -> None:
        self._guard, self._inner = guard, ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            self._guard.see(host, ipaddress.ip_address(one["host"]))
        return found

    async def close(self) -> None:
        await self._inner.close()


def _trust(bundle: Path | None) -> ssl.SSLContext:
    if bundle is None:
        return _usual()
    try:
        return ssl.create_default_context(cafile=str(bundle))
    except (OSError, ssl.SSLError) as wrong:
        raise Misconfigured(
            "CertificatesUnreadable", f"The certificate bundle {bundle} cannot be used: {wrong}."
        ) from wrong


@cache
def _usual() -> ssl.SSLContext:
    """certifi's authorities: to read them takes a tenth of a second."""
    return httpx.create_ssl_context()

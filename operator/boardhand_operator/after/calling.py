"""One call of a webhook that is told something: short, and led nowhere else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

from boardhand_operator.errors import Misconfigured
from boardhand_operator.http.exchange import Connection, trust
from boardhand_operator.http.limits import seconds_to_wait

SECONDS = 5.0
"""A call and its answer take no longer."""


class Untold(Exception):
    """It did not take the message. Says why without the address, which is a secret."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        """retry_after: seconds that it asked to wait."""
        super().__init__(why)
        self.retry_after = retry_after


def check_address(address: str, *, plain_http: bool) -> None:
    """Raises Misconfigured, without the address, where it is none that may be called."""
    allowed = ("https", "http") if plain_http else ("https",)
    try:
        parts = urlsplit(address)
        good = parts.scheme in allowed and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not address.isprintable() or any(letter.isspace() for letter in address):
        text = f"the address must begin with {' or '.join(f'{one}://' for one in allowed)} and name a host"
        raise Misconfigured("AddressWrong", f"{text}; see plainHttp for http" if not plain_http else text)


async def call(connection: Connection, address: str, body: Mapping[str, Any]) -> None:
    """Send the body, once. Raises Untold, and Misconfigured where the certificates cannot be used."""
    if not connection.may_write():
        raise Untold("nothing is sent: this operator holds its Lease no longer")
    client = HttpxAiohttpClient(
        headers={"user-agent": "boardhand", "content-type": "application/json"},
        timeout=SECONDS,
        verify=trust(connection.certificates),
        proxy=None if connection.transport else connection.proxy,
        transport=connection.transport,
        follow_redirects=False,
    )
    async with client:
        try:
            # Of the answer nothing but its head is read: what it says is nobody's here to show.
            async with asyncio.timeout(SECONDS), client.stream("POST", address, content=json.dumps(body)) as answer:
                status, headers = answer.status_code, answer.headers
        except TimeoutError:
            raise Untold(f"no answer within {SECONDS:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as failed:
            raise Untold(f"it cannot be reached ({type(failed).__name__})") from None
    if not 200 <= status < 300:
        moved = ", and calls are led nowhere else" if 300 <= status < 400 else ""
        raise Untold(f"it answered {status}{moved}", seconds_to_wait(headers, datetime.now(UTC)))

"""Many viewers of one board at once, each a visitor of their own, as far as the server sees them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp

from testbed.bench.dashboard.scene import Scene
from testbed.shell import TestbedError

_CARD = re.compile(rb'id="run-(live-[a-z0-9-]+)"')
_SECONDS = 120.0
_LINE = 2**24


class Crowd:
    """When each viewer heard of which run."""

    def __init__(self, stage: Scene, viewers: int) -> None:
        self._stage = stage
        self._viewers = viewers
        self.there = 0
        """Viewers that have the whole board."""
        self.heard: dict[str, list[float]] = {}
        """By run: when each viewer was told of it."""

    async def _look(self, http: aiohttp.ClientSession, number: int) -> None:
        headers = self._stage.headers(f"person-{number}")
        async with http.get(f"{self._stage.board}/live", headers=headers) as answer:
            if answer.status != 200:
                raise TestbedError(f"viewer {number}: {answer.status} {(await answer.text())[:300]}")
            kind = b""
            async for line in answer.content:
                if line.startswith(b"event: "):
                    kind = line[7:].strip()
                    if kind == b"closed":
                        raise TestbedError(f"viewer {number} was sent away")
                elif not line.strip():
                    self.there += kind == b"board"
                    kind = b""
                elif kind == b"moves":
                    for name in _CARD.findall(line):
                        self.heard.setdefault(name.decode(), []).append(time.time())

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """While all look. Raises TestbedError where one may not, or is sent away."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, read_bufsize=_LINE) as http:
            looks = [asyncio.ensure_future(self._look(http, number)) for number in range(self._viewers)]
            try:
                await self._until(looks, lambda: self.there >= self._viewers)
                yield
            finally:
                for look in looks:
                    look.cancel()
                await asyncio.gather(*looks, return_exceptions=True)

    async def all_heard(self, name: str) -> None:
        """Wait until each viewer was told of this run."""
        await self._until([], lambda: len(self.heard.get(name, ())) >= self._viewers)

    async def _until(self, looks: Sequence[asyncio.Future[None]], holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(_SECONDS):
            while not holds():
                for look in looks:
                    if look.done():
                        look.result()
                await asyncio.sleep(0.05)

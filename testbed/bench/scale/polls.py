"""What polling costs: the operator's processor time with many pools, and one poll of a board with many cards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx

from boardhand_api import pool as api
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.http.transport import Connection
from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.bench.scale.scene import Scene, scene
from testbed.board import COLUMNS
from testbed.load import objects
from testbed.shell import say

POOLS, POLL_SECONDS = 100, 30
READY, MANY, FEW = 20, 10_000, 100
_WINDOW_SECONDS = 60.0
_LOOKS = 4


def measure_idle() -> list[Row]:
    """100 pools, nothing new: shares of one core over three minutes, each by itself."""
    with scene(POOLS, poll_seconds=POLL_SECONDS) as stage:
        stage.start_operator()
        time.sleep(POLL_SECONDS)  # what is done once after the start is not polling
        shares = [_share(stage) for _ in range(TIMES)]
    say(f"{POOLS} pools: {', '.join(f'{share:.2f} %' for share in shares)}")
    return [row(f"{POOLS} pools polling every {POLL_SECONDS} s, nothing new: CPU", shares, 3, "% of a core")]


def _share(stage: Scene) -> float:
    before, begun = stage.operator.cpu_seconds(), time.monotonic()
    time.sleep(_WINDOW_SECONDS)
    return 100 * (stage.operator.cpu_seconds() - before) / (time.monotonic() - begun)


class Counting(httpx.AsyncBaseTransport):
    """Counts requests and the bytes of their answers' bodies."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self.requests = 0
        self.bytes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        self.requests += 1
        return httpx.Response(answer.status_code, headers=answer.headers, stream=_Counted(self, answer.stream))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx.AsyncByteStream):
    def __init__(self, counts: Counting, stream: httpx.AsyncByteStream) -> None:
        self._counts = counts
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._counts.bytes += len(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def measure() -> list[Row]:
    """A board of 10,000 cards against one of 100, 20 of them ready: the first poll, and one that finds nothing new."""
    with scene() as stage:
        few = _polls(stage, FEW)
        many = _polls(stage, MANY)
    rows = []
    # The first look finds out when each card came, from as much of the board's log as it takes, within bounds.
    for which, aimed, at in (("the first after a start", False, 0), ("nothing new", True, -1)):
        title = f"poll of {MANY:,} cards, {READY} ready, {which}"
        for unit, what in enumerate(("requests", "bytes")):
            say(f"{title}: {many[at][unit]:.0f} {what}; of {FEW} cards {few[at][unit]:.0f}")
            aim = round(few[at][unit] * 1.05) if aimed else None
            rows.append(row(f"{title}: {what}", [many[at][unit]], aim, what))
    return rows


def _polls(stage: Scene, cards: int) -> list[tuple[float, float]]:
    """Requests and bytes of each of the first polls of a new board with so many cards."""
    stage.boards = {f"with-{cards}": stage.trello.board(f"with-{cards}")}
    stage.put_cards(READY)
    stage.put_cards(cards - READY, COLUMNS[-1])
    return asyncio.run(_counted(stage, next(iter(stage.boards.values()))))


async def _counted(stage: Scene, board_id: str) -> list[tuple[float, float]]:
    wire = Counting()
    spec = api.Board.model_validate(
        {"type": "trello", "board": board_id, "url": f"{stage.trello_url}/1", "secretRef": {"name": "trello"}}
    )
    keys = {"key": objects.TRELLO_KEY, "token": objects.TRELLO_TOKEN}
    board = TrelloBoard(spec, keys, Connection(transport=wire))
    await board.check()
    out = []
    for _ in range(_LOOKS):
        before = wire.requests, wire.bytes
        look = await board.look()
        assert len(look.ready) == READY
        out.append((float(wire.requests - before[0]), float(wire.bytes - before[1])))
    await board.aclose()
    return out

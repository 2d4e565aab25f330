"""What unpacks to more than may be is refused before it is in memory."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.answers import Answer, Vendor, data_of, sentence_of
from boardhand_operator.http.exchange import ANSWER_BYTES
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.http.unpacking import ACCEPTED, Body, Unfit

VENDOR = Vendor("Board", "hint", "hint")


def unpacked(encoding: str, data: bytes, most: int = 1000, piece: int = 7) -> bytes:
    body = Body(encoding, most)
    for at in range(0, len(data), piece):
        body.feed(data[at : at + piece])
    return bytes(body.bytes)


@given(st.binary(max_size=1000), st.integers(1, 100))
def test_what_was_packed_comes_out(data: bytes, piece: int) -> None:
    for encoding, packed in (("", data), ("gzip", gzip.compress(data)), ("Deflate", zlib.compress(data))):
        assert unpacked(encoding, packed, piece=piece) == data


@pytest.mark.parametrize(
    ("encoding", "data"), [("", b"a" * 1001), ("gzip", gzip.compress(bytes(1001), mtime=0))], ids=["plain", "packed"]
)
def test_one_byte_too_many(encoding: str, data: bytes) -> None:
    with pytest.raises(Unfit, match="with more than 1000 bytes"):
        unpacked(encoding, data)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,deflate"])
def test_no_other_packing_is_taken(encoding: str) -> None:
    with pytest.raises(Unfit, match="not asked for"):
        Body(encoding, 10)


def test_what_is_no_gzip() -> None:
    with pytest.raises(Unfit, match="cannot be unpacked"):
        unpacked("gzip", b"not gzip")


async def answered(body: bytes, encoding: str) -> object:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, headers={"content-encoding": encoding}, stream=httpx.ByteStream(body))

    async def at_once(_: float) -> None:
        return None

    client = Client(
        VENDOR, "http://board.test", {}, [], Connection(transport=httpx.MockTransport(answer)), sleep=at_once
    )
    try:
        return await client.get("look", "/cards")
    finally:
        assert asked[0].headers["accept-encoding"] == ACCEPTED
        await client.aclose()


async def test_a_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(bytes(80 * 1024 * 1024), 9)
    tracemalloc.start()
    with pytest.raises(RemoteUnavailable, match=f"more than {ANSWER_BYTES} bytes"):
        await answered(bomb, "gzip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * ANSWER_BYTES


async def test_packed_answers_are_read() -> None:
    assert await answered(gzip.compress(b'{"a": 1}'), "gzip") == {"a": 1}


async def test_an_answer_that_is_nested_too_deep_is_none() -> None:
    with pytest.raises(RemoteUnavailable, match="not JSON"):
        await answered(b"[" * 200_000, "")


def test_a_deep_refusal_is_quoted() -> None:
    assert sentence_of(Answer(500, {}, b"[" * 200_000)).startswith("[[[")
    assert data_of(VENDOR, "look", Answer(200, {}, b" ")) is None

"""Fingerprints of a pool's secrets: what they tell, of which secrets, and how often these are read."""

from __future__ import annotations

import asyncio
import base64
import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.fingerprints import WINDOW, Fingerprints, Known, fingerprints, telling
from boardhand_api.policy import PROTECTED, Policy
from boardhand_operator.credentials import Source, sources
from boardhand_operator.credentials.fingerprinting import KEPT_SECONDS, Fingerprinting
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Resource
from boardhand_operator.services import Services
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Pool
from tests.support.fake_kube import FakeKube
from tests.support.objects import a_pool, a_run

KEY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4"
ALPHABET = string.ascii_letters + string.digits + "+/_-"
MADE = st.text(ALPHABET, min_size=WINDOW, max_size=100).filter(lambda text: bool(telling(text)))


@given(MADE, st.binary(max_size=50), st.binary(max_size=50))
def test_a_secret_is_found_wherever_it_stands(secret: str, before: bytes, after: bytes) -> None:
    known = Known(fingerprints("salt", [secret]))
    assert known.is_in(before + secret.encode() + after)


@given(MADE, st.text(ALPHABET, max_size=200))
def test_nothing_else_is(secret: str, other: str) -> None:
    known = Known(fingerprints("salt", [secret]))
    assert known.is_in(other.encode()) == any(window.decode() in other for window in telling(secret))


def test_the_salt_tells_two_orders_apart() -> None:
    one, two = fingerprints("one", [KEY]), fingerprints("two", [KEY])
    assert len(one.digests) == 1 and not {*one.digests} & {*two.digests}
    assert not Known(Fingerprints(salt="two", digests=one.digests)).is_in(KEY.encode())


@pytest.mark.parametrize(
    "plain",
    ["", "short1A", "correct-horse-battery-staple", "12345678901234567890", "aaaaaaaaaa1aaaaaaaaaa", "a b c d e f"],
)
def test_what_could_be_guessed_from_a_digest_has_none(plain: str) -> None:
    assert fingerprints("salt", [plain]).digests == []


def test_of_a_key_neither_what_all_have_nor_more_than_four_lines() -> None:
    body = "\n".join(base64.b64encode(bytes(range(at, at + 48))).decode() for at in range(0, 200, 9))
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    assert telling(key) == [line[-WINDOW:].encode() for line in body.splitlines()[1:5]]


async def test_all_secrets_of_the_pool_and_none_of_what_is_public() -> None:
    asked: list[str] = []

    async def read(_pool: Pool, source: Source) -> Mapping[str, str]:
        asked.append(source.place)
        return {"token": f"{KEY}{source.place}", "username": "a-user-name-of-28-characters-1"}

    now = [0.0]
    made = Fingerprinting(read, lambda: now[0])
    pool = a_pool()
    told = await made.of(pool)
    places = list(asked)
    assert {"board", "forge", "repository.push", "models.large"} <= {*places}
    assert all(Known(told).is_in(f"{KEY}{place}".encode()) for place in places)
    assert not Known(told).is_in(b"a-user-name-of-28-characters-1")
    assert await made.of(pool) == told and asked == places
    now[0] = KEPT_SECONDS
    again = await made.of(pool)
    assert again.salt != told.salt and asked == places * 2


async def test_of_many_runs_that_begin_at_once_one_reads() -> None:
    asked: list[str] = []

    async def read(_pool: Pool, source: Source) -> Mapping[str, str]:
        asked.append(source.place)
        await asyncio.sleep(0)
        return {"token": f"{KEY}{source.place}"}

    made, pool = Fingerprinting(read, lambda: 0.0), a_pool()
    told = await asyncio.gather(*(made.of(pool) for _ in range(20)))
    assert len({one.salt for one in told}) == 1
    assert len(asked) == len(sources(pool.spec))


async def test_an_order_has_them_and_no_secret() -> None:
    kube = FakeKube()
    services = Services(kube, None)
    pool = a_pool()
    with pytest.raises(Misconfigured, match="there is no Secret"):
        await services.fingerprints.of(pool)
    for source in sources(pool.spec).values():
        data = {"token": base64.b64encode(f"{KEY}{source.name}".encode()).decode()}
        kube.objects[Resource.SECRETS][(pool.namespace, source.name)] = {"metadata": {}, "data": data}
    order = build_order("run-1", pool.spec, a_run().spec, await services.fingerprints.of(pool))
    assert KEY not in order.model_dump_json()
    for source in sources(pool.spec).values():
        assert Known(order.fingerprints).is_in(f"{KEY}{source.name}".encode())


@pytest.mark.parametrize("given", [None, [], ["db/**"]])
def test_an_order_says_what_may_be_pushed(given: list[str] | None) -> None:
    pool = a_pool()
    policy = Policy(protected_paths=given, allow_protected=["x"], change_bytes=7, change_files=8, file_bytes=9)
    order = build_order("run-1", pool.spec.model_copy(update={"policy": policy}), a_run().spec)
    assert order.protected_paths == (list(PROTECTED) if given is None else given)
    assert order.allow_protected == ["x"]
    assert (order.change_bytes, order.change_files, order.file_bytes) == (7, 8, 9)

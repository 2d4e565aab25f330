"""What a write tells, and what is done once a try is over: bounded, and beside everything else."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.events import Routed, Step
from boardhand_api.result import Usage
from boardhand_operator.kube import ApiException, Kube
from boardhand_operator.metrics import admission
from boardhand_operator.metrics.by_model import by_model
from boardhand_operator.metrics.names import Names
from boardhand_operator.observing import Written, afterwards
from boardhand_operator.observing.afterwards import AfterTries, Over
from boardhand_operator.observing.changes import Change, change_of
from boardhand_operator.views import Pool
from tests.support.fake_kube import FakeKube
from tests.support.objects import NOON, pool_body, run_body

FIELDS = ("prompt_tokens", "cached_tokens", "completion_tokens")
usages = st.builds(
    Usage,
    prompt_tokens=st.integers(0, 10**6),
    cached_tokens=st.integers(0, 10**6),
    completion_tokens=st.integers(0, 10**6),
    money=st.none() | st.decimals(0, 100, places=2),
)
POOL = Pool.of(pool_body())
POD = {
    "metadata": {"namespace": "team", "name": "p"},
    "status": {"initContainerStatuses": [{"name": "agent", "state": {"terminated": {"exitCode": 0}}}]},
}


def written(before: dict[str, Any], after: dict[str, Any], pod: Any = None) -> Written:
    return Written(run_body(**before), run_body(**after), POOL, pod)


def change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    return change_of(written(before, after))


def failed(kind: str, reason: str) -> dict[str, Any]:
    return {"failure": {"class": kind, "reason": reason}, "finishedAt": NOON}


@pytest.mark.parametrize(
    ("before", "after", "claim"),
    [
        ({}, {"claim": "c"}, "won"),
        ({"claim": "c"}, {"claim": "c"}, None),
        ({}, failed("Cancelled", "ClaimedElsewhere"), "lost"),
        ({}, failed("Cancelled", "TicketMoved"), "left"),
        ({"claim": "c"}, {"claim": "c"} | failed("Cancelled", "TicketMoved"), None),
        (failed("Cancelled", "TicketMoved"), failed("Cancelled", "TicketMoved"), None),
    ],
)
def test_what_came_of_a_claim(before: dict[str, Any], after: dict[str, Any], claim: str | None) -> None:
    assert change(before, after).claim == claim


def test_a_write_after_the_outcome_tells_of_nothing() -> None:
    done = {"job": "j", "startedAt": NOON, "finishedAt": NOON, "usage": {"promptTokens": 5}}
    again = change(done, done | {"phase": "Succeeded"})
    assert (again.ended, again.try_ended, again.began, again.verdict) == (False, False, None, None)
    assert again.used == Usage(money=Decimal(0))


@given(told=st.lists(usages, max_size=5), before=usages, after=usages)
def test_of_all_that_was_used_nothing_is_lost_and_nothing_is_below_zero(
    told: list[Usage], before: Usage, after: Usage
) -> None:
    events = [Step(at=NOON, number=1, role="coder", usage=usage) for usage in told]
    one = written({"job": "j", "usage": before.wire()}, {"job": None, "usage": after.wire()})
    over = Over(one, change_of(one), events)
    found = by_model(over, Names(1)).values()
    for field in FIELDS:
        sums = sum(getattr(usage, field) for usage in found)
        assert sums == max(over.change.used.model_dump()[field], sum(getattr(usage, field) for usage in told))
        assert all(getattr(usage, field) >= 0 for usage in found)
    assert sum(usage.money or 0 for usage in found) >= (over.change.used.money or 0)


@given(st.lists(st.text(), max_size=50), st.integers(0, 5))
def test_so_many_names_and_no_more_are_told(names: list[str], most: int) -> None:
    bounded = Names(most)
    told = {bounded.of(name) for name in names}
    assert len(told - {("other",)}) <= most
    assert [bounded.of(name) for name in names[:most]] == [(name,) for name in names[:most]]


OVER = written({"job": "j"}, {"job": None, "retryAt": NOON}, POD)


async def told_of(kube: Kube, *ones: Written) -> tuple[list[Over], AfterTries]:
    seen: list[Over] = []

    async def sink(over: Over) -> None:
        seen.append(over)

    after = AfterTries(lambda: kube, [sink])
    working = asyncio.create_task(after.run())
    for one in ones:
        after.run_written(one)
    await after.leave()
    working.cancel()
    return seen, after


def logged(*lines: str) -> FakeKube:
    kube = FakeKube()
    kube.logs["team", "p", "agent"] = "\n".join(lines)
    return kube


async def test_events_without_a_moment_are_passed_over() -> None:
    moments = (NOON, "yesterday", "2026-01-01T12:00:00", "")
    kube = logged(*(Routed(at=at, specialist="coder").model_dump_json() for at in moments), "no event", "")
    (over,), _ = await told_of(kube, OVER)
    assert [event.at for event in over.events or ()] == [NOON]


async def test_so_much_of_a_log_is_read_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [Routed(at=NOON, specialist="coder").model_dump_json()] * 10
    monkeypatch.setattr(afterwards, "LOG_BYTES", len(lines[0]) * 3 + 5)
    (over,), _ = await told_of(logged(*lines), OVER)
    assert len(over.events or ()) == 3


class Down(FakeKube):
    async def whole_log(self, namespace: str, pod: str, container: str, limit: int) -> str:
        raise ApiException(status=503)


async def test_a_log_that_cannot_be_read_is_done_without() -> None:
    (over,), after = await told_of(Down(), OVER)
    assert over.events is None
    assert after.results["unreadable"] == 1


async def test_what_takes_too_long_is_dropped_and_the_end_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def hangs(_: Over) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(afterwards, "LEAVE_SECONDS", 0.02)
    after = AfterTries(FakeKube, [hangs])
    working = asyncio.create_task(after.run())
    after.run_written(OVER)
    with caplog.at_level(logging.WARNING):
        await after.leave()
    assert "metrics and traces are not told of tries: 1" in caplog.text
    working.cancel()
    monkeypatch.setattr(afterwards, "SECONDS", 0.02)
    other = AfterTries(FakeKube, [hangs])
    working = asyncio.create_task(other.run())
    other.run_written(OVER)
    async with asyncio.timeout(5):
        while not other.results["dropped"]:
            await asyncio.sleep(0.01)
    working.cancel()


async def test_so_many_tokens_and_no_more_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_KEPT", 2)
    asked: list[str] = []

    class Reviewing(FakeKube):
        async def review(self, resource: Any, spec: dict[str, Any]) -> dict[str, Any]:
            asked.append(spec["token"])
            return {"status": {"authenticated": False}}

    admits = admission.Reviewed(Reviewing)
    for token in ("a", "b", "c", "c", "a"):
        assert await admits(token) == 401
    assert asked == ["a", "b", "c", "a"]

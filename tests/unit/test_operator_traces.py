"""Traces as a collector receives them: one of each run, with its stages, models and tools, and no text unasked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.events import FellBack, Nudged, Routed, Step
from boardhand_api.pod import LABEL_TICKET
from boardhand_api.result import Usage
from boardhand_operator.kube import Resource
from boardhand_operator.observing import Written, afterwards
from boardhand_operator.observing.afterwards import AfterTries, Over
from boardhand_operator.observing.changes import change_of
from boardhand_operator.redacting import Redactor
from boardhand_operator.settings import Otlp, Settings
from boardhand_operator.traces import calls, sent
from boardhand_operator.traces.sent import Traces, headers_of
from boardhand_operator.views import Pool
from testbed.otlp import Receiver, Span, receiving
from tests.support.fake_kube import FakeKube
from tests.support.objects import NOON, pool_body, run_body

IMAGE = {"BOARDHAND_RUNNER_IMAGE": "registry.example/runner:1"}
KEY = "the-models-own-credential"
Json = dict[str, Any]


def at(second: int) -> str:
    return f"2026-01-01T12:{second // 60:02}:{second % 60:02}Z"


def pod(*, agent: int = 0) -> Json:
    """Whose stages ran one after the other."""
    times = {"checkout": (10, 15, 0), "agent": (15, 75, agent), "publish": (75, 78, 0), "verify": (78, 90, 0)}
    rows = [
        {"name": name, "state": {"terminated": {"exitCode": code, "startedAt": at(since), "finishedAt": at(until)}}}
        for name, (since, until, code) in times.items()
    ]
    return {"metadata": {"namespace": "team", "name": "run-1-1-x"}, "status": {"initContainerStatuses": rows}}


def step(role: str, second: int, *calls: str, **more: Any) -> Step:
    usage = Usage(prompt_tokens=100, cached_tokens=60, completion_tokens=7, money=Decimal("0.02"))
    return Step(at=at(second), number=1, role=role, text=f"I use {KEY}", calls=list(calls), usage=usage, **more)


EVENTS = (
    Routed(at=at(16), specialist="coder"),
    step("route", 18, seconds=1.5),
    step(
        "coder",
        40,
        f"read_file {KEY}",
        "no_such {}",
        results=["abc the file", "unknown"],
        outcomes=["done", "unknown tool"],
        tool_seconds=[3, 1],
        seconds=10,
    ),
    Nudged(at=at(41), by="supervise", reason="SameCall", text="do something else"),
    FellBack(at=at(42), model="large-model", fallback="spare", reason="ModelUnavailable"),
    step("coder", 60, seconds=float("1e300"), tool_seconds=[-5.0]),
)
MODELS = {
    "large": {"name": "large-model", "secretRef": {"name": "model"}, "baseURL": "http://models.test:8000/v1"},
    "small": {"name": "small-model", "provider": "anthropic", "secretRef": {"name": "model"}},
}


def run(**status: Any) -> Json:
    body = run_body(attempt=3, **status)
    body["metadata"]["labels"][LABEL_TICKET] = "t1"
    return body


def ended(**more: Any) -> Written:
    """The write of an outcome."""
    before = {"job": "run-1-1", "tries": 1, "startedAt": at(5), "phase": "Verifying"}
    usage = Usage(prompt_tokens=300, completion_tokens=21, money=Decimal("0.06")).wire()
    after = {"finishedAt": at(95), "specialist": "coder", "usage": usage, **more}
    return Written(run(**before), run(**before | after), Pool.of(pool_body(models=MODELS)), pod())


@asynccontextmanager
async def tracing(receiver: Receiver, kube: FakeKube | None = None, **asked: Any) -> AsyncIterator[AfterTries]:
    kube = kube or FakeKube()
    kube.logs["team", "run-1-1-x", "agent"] = "\n".join(
        ["no event", *(event.model_dump_json(by_alias=True) for event in EVENTS)]
    )
    redactor = Redactor()
    redactor.know("team", {"apiKey": KEY})
    traces = Traces(Otlp(receiver.url, **asked), None, lambda: kube, redactor, "operator-1")
    after = AfterTries(lambda: kube, [traces.over])
    working = asyncio.create_task(after.run())
    yield after
    await after.leave()
    traces.close()
    working.cancel()


async def traced(written: Written, kube: FakeKube | None = None, **asked: Any) -> Receiver:
    async with receiving() as receiver:
        async with tracing(receiver, kube, **asked) as after:
            after.run_written(written)
        return receiver


async def test_a_collector_that_drips_takes_one_thread_alone() -> None:
    """Names are looked up in the loop's own threads: were these all taken, nobody would be reached any more."""
    over, asked = asyncio.Event(), 0

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nx: ")
        await over.wait()
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    traces = Traces(Otlp(f"http://{host}:{port}"), None, FakeKube, Redactor())
    told = Over(ended(), change_of(ended()), EVENTS)
    waiting = [asyncio.ensure_future(traces.over(told)) for _ in range(40)]
    try:
        async with asyncio.timeout(5):
            while not asked:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert await asyncio.to_thread(int, "1") == 1
        assert asked == 1
    finally:
        for one in waiting:
            one.cancel()
        traces.close()
        over.set()
        server.close()


def named(receiver: Receiver, name: str) -> list[Span]:
    return [span for span in receiver.spans if span.name == name]


async def test_a_run_is_one_trace_from_its_ticket_to_its_tools() -> None:
    receiver = await traced(ended())
    by_id = receiver.whole()
    tree = [(span.name, by_id[span.parent].name if span.parent else "") for span in receiver.spans]
    agent = "invoke_agent coder"
    assert tree == [
        ("ticket", ""),
        ("run", "ticket"),
        ("checkout", "run"),
        (agent, "run"),
        ("publish", "run"),
        ("verify", "run"),
        ("chat small-model", agent),
        ("chat large-model", agent),
        ("execute_tool read_file", agent),
        ("execute_tool no_such", agent),
        ("chat spare", agent),
    ]
    assert len({span.trace for span in receiver.spans}) == 1
    assert [named(receiver, name)[0].seconds for name in ("ticket", "run", agent)] == [95, 90, 60]
    assert named(receiver, "ticket")[0].resource["service.name"] == "boardhand"
    assert named(receiver, "ticket")[0].resource["service.instance.id"] == "operator-1"


async def test_model_and_tool_calls_keep_to_the_conventions() -> None:
    receiver = await traced(ended())
    (chat,), (tool,) = named(receiver, "chat large-model"), named(receiver, "execute_tool no_such")
    assert chat.kind == 3
    assert chat.seconds == 10
    assert chat.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "large-model",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "server.address": "models.test",
        "boardhand.node": "coder",
        "boardhand.step": 1,
        "boardhand.cost_dollars": 0.02,
    }
    assert (tool.seconds, tool.error, tool.attributes["error.type"]) == (1, True, "unknown tool")
    assert tool.attributes["gen_ai.tool.name"] == "no_such"
    (small,) = named(receiver, "chat small-model")
    assert small.attributes["gen_ai.provider.name"] == "anthropic"
    (agent,) = named(receiver, "invoke_agent coder")
    assert agent.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert agent.attributes["gen_ai.usage.input_tokens"] == 300
    assert [name for name, _ in agent.events] == ["nudged", "fallback"]


def texts(receiver: Receiver) -> str:
    return str([(span.name, span.attributes, span.events) for span in receiver.spans])


async def test_what_people_and_models_wrote_goes_along_only_where_asked_for_and_without_secrets() -> None:
    failure = {"failure": {"class": "Red", "reason": "VerifyFailed", "message": f"it said {KEY}"}}
    without, with_it = texts(await traced(ended(**failure))), texts(await traced(ended(**failure), contents=True))
    for text in ("I use", "the file", "Fix the cart", "do something else", "it said"):
        assert text not in without
        assert text in with_it
    assert KEY not in without + with_it
    assert "***" in with_it


async def test_a_failed_run_and_its_stage_say_so() -> None:
    failure = {"class": "Stuck", "reason": "NoProgress", "message": "m"}
    written = ended(failure=failure)
    receiver = await traced(Written(written.before, written.after, written.pool, pod(agent=44)))
    assert {span.name for span in receiver.spans if span.error} >= {"ticket", "run", "invoke_agent coder"}
    assert named(receiver, "run")[0].attributes["error.type"] == "Stuck"
    assert named(receiver, "invoke_agent coder")[0].attributes["error.type"] == "44"


async def test_told_twice_is_the_same_trace_and_earlier_attempts_are_linked() -> None:
    kube = FakeKube(clock=lambda: "2025-12-31T00:00:00Z")
    first = kube.put(Resource.RUNS, "team", run_body("run-0", ticket=None) | {"metadata": labelled("run-0")})
    written = ended()
    one, two = await traced(written, kube), await traced(written, kube)
    assert one.whole() == two.whole()
    assert len(one.whole()) == len(one.spans) == 11
    earlier = ended()
    earlier.after["metadata"]["uid"] = first["metadata"]["uid"]
    (before,) = named(await traced(earlier), "ticket")
    assert named(one, "ticket")[0].links == [(before.trace, before.id)]
    assert before.trace != one.spans[0].trace


def labelled(name: str) -> Json:
    return {"name": name, "labels": {LABEL_TICKET: "t1"}}


async def test_a_try_that_is_tried_again_is_told_when_it_ended_below_the_run_to_come() -> None:
    before = {"job": "run-1-1", "tries": 1, "startedAt": at(5)}
    retry = Written(run(**before), run(**before | {"job": None, "retryAt": NOON}), None, pod())
    receiver, whole = await traced(retry), await traced(ended())
    assert [span.name for span in receiver.spans][:2] == ["checkout", "invoke_agent"]
    (outer,) = named(whole, "run")
    assert {span.parent for span in receiver.spans[:4]} == {outer.id}


@pytest.mark.slow
async def test_a_collector_that_fails_or_hangs_costs_the_trace_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sent, "SECONDS", 0.5)
    async with receiving() as receiver:
        async with tracing(receiver) as after:
            receiver.statuses = [400]
            after.run_written(ended())
            await after.leave()
            assert receiver.spans == []
            receiver.hang = True
            after.run_written(ended())
            await after.leave()
            receiver.hang = False
            after.run_written(ended())
        assert len(receiver.whole()) == 11
    said = [(record.levelname, record.name) for record in caplog.records if record.levelno > 20]
    assert said == [("WARNING", "boardhand_operator.traces.sent")] * 2


async def test_a_bug_that_one_try_meets_does_not_end_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async with receiving() as receiver:
        async with tracing(receiver) as after:
            broken = ended()
            del broken.after["spec"]["ticket"]
            after.run_written(broken)
            after.run_written(ended())
        assert len(receiver.spans) == 11
    assert after.results == {"read": 2, "dropped": 1}
    assert [record.levelname for record in caplog.records if record.name == afterwards.__name__] == ["ERROR"]


async def test_headers_are_those_of_the_file_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    async with receiving() as receiver, tracing(receiver, headers=file) as after:
        for token in ("first", "second"):
            file.write_text(f"Authorization: Bearer {token}\n\nx-tenant: a\n")
            after.run_written(ended())
            await after.leave()
        assert [given["authorization"] for given in receiver.headers] == ["Bearer first", "Bearer second"]
        assert receiver.headers[0]["x-tenant"] == "a"


async def test_headers_that_no_request_can_carry_cost_the_trace_and_are_not_quoted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "headers"
    async with receiving() as receiver, tracing(receiver, headers=file) as after:
        for wrong in (b"authorization: Bearer secret\xff", "authorization: Bearer secret€".encode()):
            file.write_bytes(wrong)
            after.run_written(ended())
            await after.leave()
    assert [record.levelname for record in caplog.records if "traces are not sent" in record.message] == ["WARNING"] * 2
    assert "secret" not in caplog.text and "unexpected" not in caplog.text


def test_a_line_that_is_no_header_is_told_by_its_number_alone() -> None:
    with pytest.raises(OSError, match="line 2 of the file of headers is no header") as refused:
        headers_of("a: b\nsome-token\n")
    assert "some-token" not in str(refused.value)


def test_where_they_go_is_said_in_the_environment() -> None:
    assert Settings.from_environment(IMAGE).otlp is None
    said = {**IMAGE, "BOARDHAND_OTLP_ENDPOINT": "http://collector:4318/", "BOARDHAND_OTLP_CONTENTS": "true"}
    assert Settings.from_environment(said).otlp == Otlp("http://collector:4318", contents=True)
    with pytest.raises(ValueError, match="BOARDHAND_OTLP_ENDPOINT='collector:4317': give an address"):
        Settings.from_environment({**IMAGE, "BOARDHAND_OTLP_ENDPOINT": "collector:4317"})
    with pytest.raises(ValueError, match="BOARDHAND_OTLP_ENDPOINT holds credentials") as refused:
        Settings.from_environment({**IMAGE, "BOARDHAND_OTLP_ENDPOINT": "https://ann:words@collector:4318"})
    assert "words" not in str(refused.value)


async def test_so_many_calls_happenings_and_attempts_and_no_more_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "SPANS", 2)
    monkeypatch.setattr(calls, "HAPPENINGS", 1)
    monkeypatch.setattr(sent, "EARLIER", 1)
    kube = FakeKube(clock=lambda: "2025-12-31T00:00:00Z")
    for name in ("run-a", "run-b"):
        kube.put(Resource.RUNS, "team", run_body(name) | {"metadata": labelled(name)})
    receiver = await traced(ended(), kube)
    assert [span.name for span in receiver.spans][6:] == ["chat small-model", "chat large-model"]
    assert len(named(receiver, "invoke_agent coder")[0].events) == 1
    assert len(named(receiver, "ticket")[0].links) == 1

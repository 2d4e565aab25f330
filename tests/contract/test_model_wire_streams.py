"""Answers as streams over real HTTP: what ends one in its middle, and what is never taken for a whole one."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool

from boardhand_api.failures import FailureClass
from boardhand_api.model import Model, Price, Profile, Provider
from boardhand_api.result import Usage
from boardhand_runner.context import tokens_of
from boardhand_runner.errors import Budget, Configuration, Deadline, RunnerError
from boardhand_runner.models import Mind, build, library, patience
from boardhand_runner.models.asking import ask, book
from boardhand_runner.models.calling import with_tools
from boardhand_runner.models.patience import patiently
from boardhand_runner.nodes.tools import is_cut_off
from boardhand_runner.usage import Ledger, reported, usage_of
from tests.contract.openapi_schema import problems, validator
from tests.support.benches import LIMITS, lay_out
from tests.support.canned import Canned, Server, serving
from tests.support.runs import FILES, Run
from tests.support.streams import ARGUMENTS, Endless, streamed, unfinished

PROVIDERS = list(Provider)
PRICE = Price(prompt=Decimal(1), completion=Decimal(1_000_000))
TICKET = [HumanMessage("Ticket.")]
ERRORS = {
    Provider.OPENAI: 'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n',
    Provider.MISTRAL: 'data: {"object": "error", "message": "overloaded", "type": "internal_server_error"}\n\n',
    Provider.GOOGLE: 'data: {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}\n\n',
    Provider.ANTHROPIC: 'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error",'
    ' "message": "overloaded"}}\n\n',
}


@tool
def read_file(path: str) -> str:
    """Read a file."""
    return path


def mind_of(server: Server, provider: Provider, folder: Path, seconds: float = 5, **profile: Any) -> Mind:
    model = Model(provider=provider, name="m", base_url=server.url, price=PRICE, profile=Profile(**profile))
    return build(model, folder, seconds)


async def answer_of(mind: Mind, seconds: float = 5) -> tuple[AIMessage, list[str]]:
    why: list[str] = []
    offered = with_tools(mind, [read_file])
    answer = await patiently(lambda: offered.ainvoke(TICKET), mind, seconds, lambda said, _: why.append(said))
    assert isinstance(answer, AIMessage)
    return answer, why


async def asked(mind: Mind, ledger: Ledger) -> Any:
    """One question under the limits of `ledger`."""
    order = SimpleNamespace(limits=ledger.limits)
    context: Any = SimpleNamespace(ledger=ledger, order=order)
    answer = await ask(context, mind, lambda active: with_tools(active, [read_file]), list(TICKET))
    book(context, mind, answer, TICKET, step=True)
    return answer


def stream(events: Iterable[str], **headers: str) -> Canned:
    return 200, headers, events


async def hung_up(server: Server) -> bool:
    """Whether the client leaves within 30 seconds."""
    for _ in range(3_000):
        if server.left:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"tokens": 1_000}, "TokensUsedUp"), ({"money": Decimal(500)}, "MoneyUsedUp")],
)
async def test_tokens_and_money_end_an_answer_in_its_middle(
    provider: Provider, limits: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    endless = Endless(provider, pause=0)
    ledger = Ledger(LIMITS.model_copy(update=limits))
    with serving(stream(endless)) as server:
        with pytest.raises(Budget, match=rf"{reason}.*in the middle of an answer"):
            await asked(mind_of(server, provider, tmp_path), ledger)
        assert await hung_up(server)

    assert len(server.seen) == 1
    used = ledger.total()
    # 1,000 tokens of four characters, or 500 dollars at a dollar a token; the prompt counts too.
    assert 400 < used.completion_tokens <= 1_010
    assert 0 < used.prompt_tokens < 50
    assert used.money is not None
    assert used.money >= used.completion_tokens


async def test_the_deadline_ends_an_answer_in_its_middle_whoever_gives_it(tmp_path: Path) -> None:
    async def ended(provider: Provider) -> None:
        with serving(stream(Endless(provider))) as server:
            mind = mind_of(server, provider, tmp_path)
            ledger, began = Ledger(LIMITS.model_copy(update={"deadline_seconds": 2})), time.monotonic()
            with pytest.raises(Deadline, match="DeadlinePassed"):
                await asked(mind, ledger)
            assert time.monotonic() - began < 20
            assert await hung_up(server)
            assert ledger.total().completion_tokens > 0

    for provider in PROVIDERS:
        library(provider)
    await asyncio.gather(*map(ended, PROVIDERS))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "failure", "reason"),
    [
        ({"tokens": 6_000}, FailureClass.BUDGET, "TokensUsedUp"),
        ({"deadline_seconds": 4}, FailureClass.DEADLINE, "DeadlinePassed"),
    ],
)
def test_what_is_there_is_handed_over_as_a_draft(
    limits: dict[str, Any], failure: FailureClass, reason: str, tmp_path: Path
) -> None:
    edit = {"path": "total.sh", "content": "total() { echo $(($1 * 2)); }\n"}
    first = streamed(Provider.OPENAI, "I edit.", call=True)
    said = [event.replace("read_file", "write_file") for event in first]
    said[3] = said[3].replace(json.dumps('{"path": ')[1:-1], json.dumps(json.dumps(edit)[:-1])[1:-1])
    said[4] = said[4].replace(json.dumps('"a.py"}')[1:-1], "}")
    with serving(stream(said), stream(Endless(Provider.OPENAI, pause=0.001))) as server:

        class Streaming(Run):
            def _mind(self, model: Model, secret: Path) -> Mind:
                if model.name == "small":
                    return super()._mind(model, secret)
                return mind_of(server, Provider.OPENAI, secret)

        run = Streaming(lay_out(tmp_path / "run", FILES))
        result = run([], limits=LIMITS.model_copy(update=limits))

    assert result.failure is not None
    assert (result.failure.failure_class, result.failure.reason) == (failure, reason)
    assert result.partial
    assert result.commit == run.git("rev-parse", "HEAD")
    assert "$1 * 2" in run.git("show", "HEAD:total.sh")
    # Reported: 1,000 of the first answer, 110 of the routing; the rest is an estimate of the answer that was ended.
    assert result.usage.prompt_tokens > 1_100
    assert result.usage.completion_tokens > 20
    assert len(server.seen) == 2


@pytest.mark.parametrize("call", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["ends", "breaks", "falls silent", "error event"])
async def test_what_breaks_off_is_asked_again(
    provider: Provider, fault: str, call: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.02)
    begun, over = unfinished(provider, call=call), threading.Event()
    first = {
        "ends": stream(begun),
        "breaks": stream(begun, **{"Content-Length": "100000"}),
        "falls silent": stream(_silent(begun, over)),
        "error event": stream([*begun, ERRORS[provider]]),
    }[fault]
    patient = 0.5 if fault == "falls silent" else 30
    with serving(first, stream(streamed(provider, "Done.", call=True))) as server:
        answer, why = await answer_of(mind_of(server, provider, tmp_path, patient), 30)
        over.set()

    assert answer.text == "Done."
    assert [(made["name"], made["args"]) for made in answer.tool_calls] == [("read_file", {"path": "a.py"})]
    # On a busy machine the second answer may be late as well.
    assert len(server.seen) == len(why) + 1 >= 2


def _silent(events: list[str], over: threading.Event) -> Iterable[str]:
    yield from events
    over.wait(60)


async def test_an_answer_that_broke_off_is_booked_by_estimate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.02)
    ledger = Ledger(LIMITS)
    begun, done = unfinished(Provider.OPENAI), streamed(Provider.OPENAI, "Done.")
    with serving(stream(begun), stream(done)) as server:
        await asked(mind_of(server, Provider.OPENAI, tmp_path), ledger)

    used = ledger.total()
    assert 1_000 < used.prompt_tokens < 1_050
    assert used.completion_tokens == 10 + len("Look.") // 4
    assert ledger.steps == 1


@pytest.mark.parametrize(
    ("provider", "end"),
    [
        (Provider.OPENAI, "length"),
        (Provider.MISTRAL, "length"),
        (Provider.ANTHROPIC, "max_tokens"),
        (Provider.ANTHROPIC, "model_context_window_exceeded"),
    ],
)
async def test_a_call_cut_off_by_its_length_is_not_one(provider: Provider, end: str, tmp_path: Path) -> None:
    events = streamed(provider, "", call=True, end=end)
    cut = [event.replace('\\"a.py\\"}', '\\"a') for event in events]
    with serving(stream(cut)) as server:
        answer, _ = await answer_of(mind_of(server, provider, tmp_path))

    assert is_cut_off(answer)
    assert answer.tool_calls == []
    assert [broken["name"] for broken in answer.invalid_tool_calls] == ["read_file"]


async def test_usage_told_with_every_piece_is_not_added_up(tmp_path: Path) -> None:
    pieces: list[dict[str, Any]] = [
        json.loads(event.removeprefix("data: ")) for event in streamed(Provider.OPENAI, "hello")[:-2]
    ]
    for at, piece in enumerate(pieces):
        piece["usage"] = {"prompt_tokens": 7, "completion_tokens": at + 1, "total_tokens": at + 8}
    with serving(stream([f"data: {json.dumps(piece)}\n\n" for piece in pieces])) as server:
        answer, _ = await answer_of(mind_of(server, Provider.OPENAI, tmp_path))

    assert usage_of(reported(answer), None) == Usage(prompt_tokens=7, completion_tokens=len(pieces))


async def test_anthropics_prompt_is_counted_where_only_the_beginning_tells_it(tmp_path: Path) -> None:
    events = streamed(Provider.ANTHROPIC, "hello")
    only = '"usage": {"output_tokens": 10}'
    events[-2] = re.sub(r'"usage": {.*?}', only, events[-2])
    assert only in events[-2]
    with serving(stream(events)) as server:
        answer, _ = await answer_of(mind_of(server, Provider.ANTHROPIC, tmp_path))

    used = usage_of(reported(answer), None)
    assert (used.prompt_tokens, used.cached_tokens, used.completion_tokens) == (1000, 800, 10)


def _responses(status: str) -> list[str]:
    """The events of OpenAI's Responses API, which the library takes for some of its models, for one call."""
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "read_file", "status": status}
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "parallel_tool_calls": True}
    empty = head | {"status": "in_progress", "output": [], "tools": [], "tool_choice": "auto"}
    used = {
        "input_tokens": 1000, "input_tokens_details": {"cached_tokens": 800}, "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 1010,
    }  # fmt: skip
    done = empty | {"status": status, "output": [call | {"arguments": ARGUMENTS}], "usage": used}
    place = {"output_index": 0, "item_id": "fc_1"}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": empty},
        {"type": "response.output_item.added", "output_index": 0, "item": call | {"arguments": ""}},
        {"type": "response.function_call_arguments.delta", "delta": ARGUMENTS[:9]} | place,
        {"type": "response.function_call_arguments.delta", "delta": ARGUMENTS[9:]} | place,
        {"type": f"response.{status}", "response": done},
    ]
    return [
        f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': at})}\n\n"
        for at, event in enumerate(events)
    ]


async def test_openais_other_api_is_streamed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.02)
    events = _responses("completed")
    with serving(stream(events[:-1]), stream(events), stream(_responses("incomplete"))) as server:
        # Only at OpenAI's own address, which this variable of its library moves.
        monkeypatch.setenv("OPENAI_API_BASE", server.url)
        mind = build(Model(name="gpt-5-codex"), tmp_path)
        answer, why = await answer_of(mind)
        cut, _ = await answer_of(mind)

    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("read_file", {"path": "a.py"})]
    assert len(why) == 1
    usage = usage_of(reported(answer), None)
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1000, 800, 10)
    assert is_cut_off(cut)
    for seen in server.seen:
        assert seen["path"] == "/v1/responses"
        # The file requires `strict` of a tool, which the library leaves to the server's default.
        said = seen["body"] | {"tools": [each | {"strict": None} for each in seen["body"]["tools"]]}
        assert problems(validator("openai-openapi.yaml", "CreateResponse"), said) == []


async def test_a_server_that_tells_no_usage_is_taken_as_it_is(tmp_path: Path) -> None:
    events = [event for event in streamed(Provider.OPENAI, "hello") if "usage" not in event]
    with serving(stream(events)) as server:
        answer, _ = await answer_of(mind_of(server, Provider.OPENAI, tmp_path))

    assert answer.text == "hello"
    assert reported(answer) is None


NO_USAGE = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}},
]}  # fmt: skip
ZEROS = {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}


@pytest.mark.parametrize("said", [NO_USAGE, NO_USAGE | ZEROS])
async def test_tokens_are_limited_where_no_server_tells_them(said: dict[str, Any], tmp_path: Path) -> None:
    ledger = Ledger(LIMITS.model_copy(update={"tokens": 20}))
    with serving((200, {}, json.dumps(said))) as server:
        mind = mind_of(server, Provider.OPENAI, tmp_path, streaming=False)
        await asked(mind, ledger)
        with pytest.raises(Budget, match="TokensUsedUp"):
            await asked(mind, ledger)

    used = ledger.total()
    assert len(server.seen) == 1
    assert used.prompt_tokens == tokens_of(TICKET)
    assert used.estimated_tokens == used.prompt_tokens + used.completion_tokens > used.prompt_tokens
    # A price is known, and yet no money is made up.
    assert used.money is None


async def test_money_that_is_limited_is_never_taken_for_none(tmp_path: Path) -> None:
    ledger = Ledger(LIMITS.model_copy(update={"money": Decimal(1)}))
    with serving((200, {}, json.dumps(NO_USAGE | ZEROS))) as server, pytest.raises(Configuration, match="PriceUnknown"):
        await asked(mind_of(server, Provider.OPENAI, tmp_path, streaming=False), ledger)


async def test_a_prompt_that_google_blocks_is_an_empty_answer(tmp_path: Path) -> None:
    told = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}}
    with serving(stream([f"data: {json.dumps(told)}\n\n"])) as server:
        answer, _ = await answer_of(mind_of(server, Provider.GOOGLE, tmp_path))

    assert (answer.text, answer.tool_calls) == ("", [])
    assert usage_of(reported(answer), None).prompt_tokens == 9


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_that_cannot_stream_is_told_to_set_the_profile(provider: Provider, tmp_path: Path) -> None:
    with serving((200, {}, "{}")) as server, pytest.raises(RunnerError, match="no chat completion"):
        await answer_of(mind_of(server, provider, tmp_path), 0.1)

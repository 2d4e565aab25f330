"""The scripted model's requests and answers against OpenAI's own schemas."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.model.answer import answer, cached_tokens
from testbed.model.app import create_app
from testbed.model.scripts import Script, load_scripts
from tests.contract.openapi_schema import problems, validator

FILE = "openai-openapi.yaml"
SCRIPTS = load_scripts()
TICKET = {"role": "user", "content": "The cart total ignores quantity."}
ROUTE = {"type": "function", "function": {"name": "Route", "parameters": {"type": "object", "properties": {}}}}
TOOLS = [ROUTE | {"function": {"name": name}} for name in ("search", "read_file", "finish")]


def _keeps(schema: str, value: Any) -> None:
    assert problems(validator(FILE, schema), value) == []


def _client(key: str | None = None, scripts: tuple[Script, ...] = SCRIPTS) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(scripts, key))
    return httpx.AsyncClient(transport=transport, base_url="http://model.test", headers={"authorization": "Bearer any"})


async def _ask(http: httpx.AsyncClient, messages: list[Any] | None = None, **more: Any) -> httpx.Response:
    request = {"model": "boardhand-scripted", "messages": messages or [TICKET]} | more
    _keeps("CreateChatCompletionRequest", request)
    return await http.post("/v1/chat/completions", json=request)


def _script(**parts: Any) -> tuple[Script, ...]:
    return (Script.model_validate({"name": "one", "ticket": "ticket"} | parts),)


REQUESTS: dict[str, dict[str, Any]] = {
    "tool calls": {"tools": TOOLS},
    "forced tool": {"tools": [ROUTE], "tool_choice": {"type": "function", "function": {"name": "Route"}}},
    "the only tool": {"tools": [ROUTE]},
    "json schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "Route", "schema": {}}}},
    "no script": {"messages": [{"role": "user", "content": "Hello?"}]},
}


@pytest.mark.parametrize("more", REQUESTS.values(), ids=REQUESTS.keys())
async def test_a_whole_answer_keeps_the_schema(more: dict[str, Any]) -> None:
    async with _client() as http:
        got = await _ask(http, **more)
    assert got.status_code == 200
    _keeps("CreateChatCompletionResponse", got.json())
    assert (got.json()["model"], got.json()["system_fingerprint"]) == ("boardhand-scripted", "scripted")


def _chunks(got: httpx.Response) -> list[Any]:
    events = [line.removeprefix("data: ") for line in got.text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    return [json.loads(event) for event in events[:-1]]


@pytest.mark.parametrize("more", REQUESTS.values(), ids=REQUESTS.keys())
@pytest.mark.parametrize("usage", [True, False])
async def test_a_stream_keeps_the_schema_and_says_the_same(more: dict[str, Any], usage: bool) -> None:
    async with _client() as http:
        whole = (await _ask(http, **more)).json()
        got = await _ask(http, **more, stream=True, stream_options={"include_usage": usage})
    assert got.headers["content-type"].startswith("text/event-stream")
    chunks = _chunks(got)
    for chunk in chunks:
        _keeps("CreateChatCompletionStreamResponse", chunk)
        assert chunk["id"] == whole["id"]
    told = [chunk["usage"] for chunk in chunks if "usage" in chunk]
    assert told == ([None] * (len(chunks) - 1) + [whole["usage"]] if usage else [])
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    assert "".join(choice["delta"].get("content") or "" for choice in choices) == (
        whole["choices"][0]["message"]["content"] or ""
    )
    assert choices[-1]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert _joined_calls(choices) == whole["choices"][0]["message"].get("tool_calls", [])


def _joined_calls(choices: list[Any]) -> list[Any]:
    calls: list[Any] = []
    for choice in choices:
        for part in choice["delta"].get("tool_calls", []):
            if part["index"] == len(calls):
                calls.append({"id": part["id"], "type": part["type"], "function": dict(part["function"])})
            else:
                calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
    return calls


async def test_the_models_list_keeps_the_schema() -> None:
    async with _client() as http:
        got = (await http.get("/v1/models")).json()
    _keeps("ListModelsResponse", got)
    assert "boardhand-scripted" in [model["id"] for model in got["data"]]


@pytest.mark.parametrize(
    ("key", "sent", "status"),
    [(None, "", 401), (None, "Bearer ", 401), (None, "Bearer x", 200), ("k", "Bearer x", 401), ("k", "Bearer k", 200)],
)
async def test_a_bearer_token_is_demanded(key: str | None, sent: str, status: int) -> None:
    async with _client(key) as http:
        http.headers["authorization"] = sent
        for got in (await _ask(http), await http.get("/v1/models")):
            assert got.status_code == status
            if status == 401:
                _keeps("ErrorResponse", got.json())
                assert got.json()["error"]["code"] == "invalid_api_key"


CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function"}]}


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"messages": [TICKET]}, "model"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": [{"role": "robot"}]}, "messages.0.role"),
        ({"model": "m", "messages": [TICKET, {"role": "tool", "content": "x", "tool_call_id": "c"}]}, "messages.1"),
        ({"model": "m", "messages": [TICKET, CALLED, TICKET]}, "messages.2"),
        ({"model": "m", "messages": [TICKET, CALLED]}, "messages"),
        ({"model": "m", "messages": [TICKET], "tools": [{"type": "function"}]}, "tools.0"),
    ],
)
async def test_a_request_openai_would_refuse_is_refused(request_: dict[str, Any], param: str) -> None:
    async with _client() as http:
        got = await http.post("/v1/chat/completions", json=request_)
    assert got.status_code == 400
    _keeps("ErrorResponse", got.json())
    assert got.json()["error"]["param"] == param


async def test_an_unknown_address_is_an_error_of_the_same_shape() -> None:
    async with _client() as http:
        for got in (await http.get("/v1/nothing"), await http.get("/v1/chat/completions")):
            assert got.status_code == 404
            _keeps("ErrorResponse", got.json())


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_fault_answers_in_openais_shape_until_it_is_spent(status: int) -> None:
    async with _client() as http:
        fault = {"match": "ignores quantity", "status": status, "times": 1, "headers": {"retry-after": "1"}}
        assert (await http.post("/_testbed/faults", json=fault)).status_code == 201
        assert (await _ask(http, [{"role": "user", "content": "other"}])).status_code == 200
        got = await _ask(http)
        assert (got.status_code, got.headers["retry-after"]) == (status, "1")
        _keeps("ErrorResponse", got.json())
        assert (await _ask(http)).status_code == 200
        calls = (await http.get("/_testbed/calls")).json()["calls"]
    assert [(call["status"], call["script"], call["step"]) for call in calls] == [
        (200, None, None),
        (status, "cart-quantity", 0),
        (200, "cart-quantity", 0),
    ]


async def test_the_page_says_what_it_is_and_lists_the_scripts() -> None:
    async with _client() as http:
        page = (await http.get("/")).text
    assert "A scripted stand-in, not a language model" in page
    assert all(script.name in page for script in SCRIPTS)


async def test_what_a_model_gets_wrong_can_be_scripted() -> None:
    bad = {"name": "run", "raw_arguments": "{bad json"}
    steps = [{"calls": [bad]}, {"empty": True}, {"say": "cut", "finish_reason": "length"}]
    ticket = {"role": "user", "content": "ticket"}
    async with _client(scripts=_script(steps=steps)) as http:
        first = (await _ask(http, [ticket], tools=TOOLS)).json()["choices"][0]
        turn = {"role": "assistant", "content": "x"}
        second = (await _ask(http, [ticket, turn], tools=TOOLS)).json()["choices"][0]
        third = (await _ask(http, [ticket, turn, turn], tools=TOOLS)).json()["choices"][0]
    assert first["message"]["tool_calls"][0]["function"]["arguments"] == "{bad json"
    assert (second["message"]["content"], second["finish_reason"]) == ("", "stop")
    assert (third["message"]["content"], third["finish_reason"]) == ("cut", "length")


@given(st.integers(0, 12), st.integers(0, 3))
def test_steps_run_out_into_the_step_that_is_named(turns: int, when_done: int) -> None:
    steps = [{"say": str(number)} for number in range(4)]
    scripts = _script(steps=steps, when_done=when_done)
    messages = [{"role": "user", "content": "ticket"}] + [{"role": "assistant", "content": "x"}] * turns
    got = answer(scripts, {"model": "m", "messages": messages})
    assert got.content == str(turns if turns < 4 else when_done)


@given(st.lists(st.sampled_from(["cart total ignores quantity", "go round in circles"]), min_size=2, max_size=12))
def test_conversations_do_not_see_each_other(order: list[str]) -> None:
    """However conversations are interleaved, each is told what it would be told alone."""
    talks: dict[str, list[Any]] = {text: [{"role": "user", "content": text}] for text in order}
    heard: dict[str, list[Any]] = {text: [] for text in order}
    for text in order:
        heard[text].append(_turn(talks[text]))
    for text, together in heard.items():
        alone: list[Any] = [{"role": "user", "content": text}]
        assert together == [_turn(alone) for _ in together]


def _turn(messages: list[Any]) -> Any:
    """Ask, and write the answer and its tools' results into the conversation."""
    got = answer(SCRIPTS, {"model": "m", "messages": messages, "tools": TOOLS})
    calls = [
        {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in got.calls
    ]
    messages.append({"role": "assistant", "content": got.content, "tool_calls": calls})
    messages.extend({"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in calls)
    return got


def test_call_ids_are_unique_in_a_conversation_even_when_a_step_repeats() -> None:
    messages: list[Any] = [{"role": "user", "content": "go round in circles"}]
    ids = [_turn(messages).calls[0].id for _ in range(5)]
    assert len(set(ids)) == 5


def test_cached_tokens_are_what_was_sent_before_in_openais_grain() -> None:
    ticket = {"role": "user", "content": "x" * 8000}
    assert cached_tokens([ticket]) == 0
    assert cached_tokens([TICKET, {"role": "assistant", "content": "y"}, TICKET]) == 0
    cached = cached_tokens([ticket, {"role": "assistant", "content": "y" * 9000}, TICKET])
    assert cached == 1920  # 2,000 tokens and a little, in steps of 128

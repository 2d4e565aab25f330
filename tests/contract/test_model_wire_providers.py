"""What our clients send to OpenAI and Mistral, and what they make of answers, held to the vendors' own schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.tools import tool
from pydantic import BaseModel

from boardhand_api.model import Model, Profile, Provider
from boardhand_runner.models import Mind, build
from boardhand_runner.models.calling import forcing, with_tools
from boardhand_runner.usage import reported, usage_of
from tests.contract.openapi_schema import problems, validator
from tests.support.canned import Canned, Server, serving

OPENAI, MISTRAL = "openai-openapi.yaml", "mistral-openapi.yaml"
SCHEMAS = {
    Provider.OPENAI: (OPENAI, "CreateChatCompletionRequest", "CreateChatCompletionResponse"),
    Provider.MISTRAL: (MISTRAL, "ChatCompletionRequest", "ChatCompletionResponse"),
}
STREAMED = {Provider.OPENAI: "CreateChatCompletionStreamResponse", Provider.MISTRAL: "CompletionChunk"}
CALL: dict[str, Any] = {
    "id": "abcdefghi",
    "type": "function",
    "function": {"name": "read_file", "arguments": '{"path": "a.py"}'},
}
DETAILS = {"prompt_tokens_details": {"cached_tokens": 800}}
USAGE: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010} | DETAILS
HEAD: dict[str, Any] = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
MESSAGE: dict[str, Any] = {"role": "assistant", "content": "Look.", "tool_calls": [CALL], "refusal": None}
PROVIDERS = list(SCHEMAS)


def completion(provider: Provider, finish: str = "tool_calls") -> dict[str, Any]:
    message: dict[str, Any] = {
        key: value for key, value in MESSAGE.items() if key != "refusal" or provider is Provider.OPENAI
    }
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish, "message": message}
    return HEAD | {"choices": [choice | ({"logprobs": None} if provider is Provider.OPENAI else {})], "usage": USAGE}


def stream(provider: Provider) -> list[dict[str, Any]]:
    """The same answer in pieces, the call's arguments too where the vendor cuts them up."""
    halves = ['{"path": ', '"a.py"}'] if provider is Provider.OPENAI else [CALL["function"]["arguments"]]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "Lo"}, {"content": "ok."}]
    for at, half in enumerate(halves):
        head = {"id": CALL["id"], "type": "function"} if at == 0 else {}
        named = {"name": "read_file"} if at == 0 else {}
        deltas.append({"tool_calls": [head | {"index": 0, "function": named | {"arguments": half}}]})
    head = HEAD | {"object": "chat.completion.chunk"}
    chunks = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": "tool_calls"}
    if provider is Provider.OPENAI:
        return [*chunks, head | {"choices": [last]}, head | {"choices": [], "usage": USAGE}]
    return [*chunks, head | {"choices": [last], "usage": USAGE}]


def canned(answer: dict[str, Any]) -> Canned:
    return 200, {}, json.dumps(answer)


@tool
def read_file(path: str) -> str:
    """Read a file."""
    return path


class Route(BaseModel):
    """Who takes it."""

    specialist: str


def mind_of(provider: Provider, server: Server, folder: Path, **profile: Any) -> Mind:
    told = Profile(answer_tokens=500, **profile)
    return build(Model(provider=provider, name="m", base_url=server.url, profile=told), folder)


ERRATA = {"$: 'data' is a required property"}
"""Mistral's file requires a property of its answers that it describes nowhere."""


def broken(provider: Provider, at: int, value: Any) -> list[str]:
    return problems(validator(SCHEMAS[provider][0], SCHEMAS[provider][at]), value)


def keeps(provider: Provider, at: int, value: Any) -> None:
    assert broken(provider, at, value) == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_conversation_with_tools_keeps_the_schemas(provider: Provider, tmp_path: Path) -> None:
    assert set(broken(provider, 2, completion(provider))) <= ERRATA
    with serving(canned(completion(provider))) as server:
        runnable = with_tools(mind_of(provider, server, tmp_path, parallel_calls=False), [read_file])
        asked: list[BaseMessage] = [SystemMessage("Rules."), HumanMessage("Ticket.")]
        first = await runnable.ainvoke(asked)
        result = ToolMessage("text", tool_call_id=first.tool_calls[0]["id"], name="read_file")
        await runnable.ainvoke([*asked, first, result, HumanMessage("Nudge.")])

    for seen in server.seen:
        keeps(provider, 1, seen["body"])
    body = server.seen[1]["body"]
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    assert body["parallel_tool_calls"] is False
    assert 500 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("read_file", {"path": "a.py"})]
    assert usage_of(reported(first), None).cached_tokens == 800


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_forced_function_keeps_the_schema(provider: Provider, tmp_path: Path) -> None:
    with serving(canned(completion(provider))) as server:
        answer = await forcing(mind_of(provider, server, tmp_path), Route).ainvoke([HumanMessage("Who?")])

    keeps(provider, 1, server.seen[0]["body"])
    assert answer["parsed"] is None
    assert server.seen[0]["body"]["tool_choice"] not in (None, "auto", "none")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_text_calls_keep_the_schema(provider: Provider, tmp_path: Path) -> None:
    with serving(canned(completion(provider))) as server:
        model = mind_of(provider, server, tmp_path, name="small-local")
        await with_tools(model, [read_file]).ainvoke([SystemMessage("Rules."), HumanMessage("Ticket.")])

    body = server.seen[0]["body"]
    keeps(provider, 1, body)
    assert "tools" not in body
    assert body["stop"] == ["\n[[end]]"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_stream_adds_up_to_the_whole_answer(provider: Provider, tmp_path: Path) -> None:
    pieces = stream(provider)
    check = validator(SCHEMAS[provider][0], STREAMED[provider])
    assert [problems(check, piece) for piece in pieces] == [[]] * len(pieces)
    text = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + "data: [DONE]\n\n"
    with serving((200, {"Content-Type": "text/event-stream"}, text)) as server:
        runnable = mind_of(provider, server, tmp_path).chat.bind_tools([read_file])
        parts = [part async for part in runnable.astream([HumanMessage("Ticket.")]) if isinstance(part, AIMessageChunk)]

    keeps(provider, 1, server.seen[0]["body"])
    added = add_ai_message_chunks(*parts)
    assert isinstance(added, AIMessage)
    assert added.text == "Look."
    assert [call["args"] for call in added.tool_calls] == [{"path": "a.py"}]
    assert added.usage_metadata is not None
    assert (added.usage_metadata["input_tokens"], added.usage_metadata["output_tokens"]) == (1000, 10)

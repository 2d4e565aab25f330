"""What our clients send to OpenAI and Mistral, and what they make of answers, held to the vendors' own schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from boardhand_api.model import Model, Profile, Provider
from boardhand_runner.models import Mind, build
from boardhand_runner.models.calling import forcing, with_tools
from boardhand_runner.usage import reported, usage_of
from tests.contract.openapi_schema import problems, validator
from tests.support.canned import Canned, Server, serving
from tests.support.streams import openai_chunks, openai_usage, streamed

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
HEAD: dict[str, Any] = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
MESSAGE: dict[str, Any] = {"role": "assistant", "content": "Look.", "tool_calls": [CALL], "refusal": None}
PROVIDERS = list(SCHEMAS)


def completion(provider: Provider, finish: str = "tool_calls") -> dict[str, Any]:
    message: dict[str, Any] = {
        key: value for key, value in MESSAGE.items() if key != "refusal" or provider is Provider.OPENAI
    }
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish, "message": message}
    return HEAD | {
        "choices": [choice | ({"logprobs": None} if provider is Provider.OPENAI else {})],
        "usage": openai_usage(),
    }


def stream(provider: Provider) -> list[dict[str, Any]]:
    """The same answer in pieces, the call's arguments too where the vendor cuts them up."""
    return openai_chunks(["Lo", "ok."], True, None, apart=provider is Provider.OPENAI)


def canned(provider: Provider, streaming: bool) -> Canned:
    return 200, {}, streamed(provider, "Look.", call=True) if streaming else json.dumps(completion(provider))


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


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_conversation_with_tools_keeps_the_schemas(provider: Provider, streaming: bool, tmp_path: Path) -> None:
    assert set(broken(provider, 2, completion(provider))) <= ERRATA
    check = validator(SCHEMAS[provider][0], STREAMED[provider])
    assert [problems(check, piece) for piece in stream(provider)] == [[]] * len(stream(provider))
    with serving(canned(provider, streaming)) as server:
        model = mind_of(provider, server, tmp_path, parallel_calls=False, streaming=streaming)
        runnable = with_tools(model, [read_file])
        asked: list[BaseMessage] = [SystemMessage("Rules."), HumanMessage("Ticket.")]
        first = await runnable.ainvoke(asked)
        result = ToolMessage("text", tool_call_id=first.tool_calls[0]["id"], name="read_file")
        await runnable.ainvoke([*asked, first, result, HumanMessage("Nudge.")])

    for seen in server.seen:
        keeps(provider, 1, seen["body"])
    body = server.seen[1]["body"]
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    assert body["parallel_tool_calls"] is False
    assert bool(body.get("stream")) is streaming
    assert body.get("stream_options") == (
        {"include_usage": True} if streaming and provider is Provider.OPENAI else None
    )
    assert first.text == "Look."
    assert 500 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("read_file", {"path": "a.py"})]
    usage = usage_of(reported(first), None)
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1000, 800, 10)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_forced_function_keeps_the_schema(provider: Provider, tmp_path: Path) -> None:
    with serving(canned(provider, True)) as server:
        answer = await forcing(mind_of(provider, server, tmp_path), Route).ainvoke([HumanMessage("Who?")])

    keeps(provider, 1, server.seen[0]["body"])
    assert answer["parsed"] is None
    assert server.seen[0]["body"]["tool_choice"] not in (None, "auto", "none")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_text_calls_keep_the_schema(provider: Provider, tmp_path: Path) -> None:
    with serving((200, {}, streamed(provider, "[[call read_file]]\npath: a.py"))) as server:
        model = mind_of(provider, server, tmp_path, name="small-local")
        answer = await with_tools(model, [read_file]).ainvoke([SystemMessage("Rules."), HumanMessage("Ticket.")])

    body = server.seen[0]["body"]
    keeps(provider, 1, body)
    assert "tools" not in body
    assert body["stop"] == ["\n[[end]]"]
    assert body["stream"] is True
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("read_file", {"path": "a.py"})]

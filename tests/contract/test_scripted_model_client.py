"""A real client (langchain-openai, on the openai package) against the scripted model over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openai import APIConnectionError, AuthenticationError, InternalServerError
from pydantic import BaseModel, SecretStr

from testbed.model.app import create_app
from testbed.model.scripts import load_scripts
from tests.contract.serving import serving

TICKET = HumanMessage("Bug: the cart total ignores quantity")


class Route(BaseModel):
    """Who takes the ticket."""

    specialist: str
    reason: str


@tool
def search(pattern: str, path: str = ".") -> str:
    """Search the files."""
    return f"{path}: {pattern}"


@tool
def read_file(path: str) -> str:
    """Read a file."""
    return path


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with serving(create_app(load_scripts(), key="right")) as url:
        yield url


def _model(address: str, key: str = "right", **more: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="boardhand-scripted",
        base_url=f"{address}/v1",
        api_key=SecretStr(key),
        max_retries=0,
        use_responses_api=False,
        **more,
    )


async def test_invoke_tells_text_and_usage(address: str) -> None:
    said = await _model(address).ainvoke("Hello?")
    assert "scripted stand-in" in said.text
    assert said.usage_metadata is not None
    assert said.usage_metadata["input_tokens"] > 0
    assert said.usage_metadata["output_tokens"] > 0


async def test_tools_are_called_step_by_step(address: str) -> None:
    model = _model(address).bind_tools([search, read_file])
    first = await model.ainvoke([TICKET])
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("search", {"pattern": "def total"})]
    result = ToolMessage("shop/cart.py:29", tool_call_id=first.tool_calls[0]["id"])
    second = await model.ainvoke([TICKET, first, result])
    assert [call["args"]["path"] for call in second.tool_calls] == ["shop/cart.py", "tests/test_cart.py"]


async def test_a_stream_adds_up_to_the_same_answer(address: str) -> None:
    whole = await _model(address).bind_tools([search, read_file]).ainvoke([TICKET])
    model = _model(address, stream_usage=True).bind_tools([search, read_file])
    parts = [part async for part in model.astream([TICKET]) if isinstance(part, AIMessageChunk)]
    assert len(parts) > 3
    added = add_ai_message_chunks(*parts)
    assert added.text == whole.text
    assert added.tool_calls == whole.tool_calls
    assert added.usage_metadata is not None and whole.usage_metadata is not None
    assert added.usage_metadata["total_tokens"] == whole.usage_metadata["total_tokens"]


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
async def test_structured_output(address: str, method: Any) -> None:
    route = await _model(address).with_structured_output(Route, method=method).ainvoke([TICKET])
    assert isinstance(route, Route)
    assert route.specialist == "bugfixer"


async def test_errors_are_what_the_client_knows(address: str) -> None:
    with pytest.raises(AuthenticationError):
        await _model(address, key="wrong").ainvoke([TICKET])
    async with httpx.AsyncClient(base_url=address) as http:
        await http.post("/_testbed/faults", json={"match": "cart", "status": 500, "times": 1})
        with pytest.raises(InternalServerError):
            await _model(address).ainvoke([TICKET])
        await http.post("/_testbed/faults", json={"match": "cart", "after": True, "times": 1})
        with pytest.raises((APIConnectionError, httpx.RemoteProtocolError)):
            await _model(address).ainvoke([TICKET])
    answered = await _model(address).ainvoke([TICKET])
    assert [call["name"] for call in answered.tool_calls] == ["search"]

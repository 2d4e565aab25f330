"""Google, Anthropic and Ollama: our clients against an independent mock, npm @copilotkit/aimock (`make wire`)."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from boardhand_api.model import Model, Profile, Provider
from boardhand_runner.models import Mind, build
from boardhand_runner.models.calling import with_tools
from boardhand_runner.models.patience import patiently
from boardhand_runner.nodes.tools import is_cut_off
from boardhand_runner.usage import reported, usage_of

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "build" / "wire" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
TICKET: list[BaseMessage] = [SystemMessage("You read."), HumanMessage("Read the cart")]
SERVED = {
    "google": (Provider.GOOGLE, "gemini-2.5-flash", "/v1beta"),
    "anthropic": (Provider.ANTHROPIC, "claude-any", "/v1"),
    "ollama": (Provider.OPENAI, "qwen2.5-coder:14b", "/v1"),
}


@tool
def read_file(path: str) -> str:
    """Read a file."""
    return path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    assert SERVER.is_file(), "run it by `make wire`, which installs the mock server"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["node", str(SERVER), "--port", str(port), "--strict", "--log-level", "warn", "--fixtures"]
    with subprocess.Popen([*command, str(ROOT / "testbed" / "wire" / "fixtures.json")]) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 20
            while not _up(url):
                assert time.monotonic() < deadline and server.poll() is None, "the mock server did not start"
                time.sleep(0.05)
            yield url
        finally:
            server.terminate()


def _up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def streaming(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=SERVED)
def mind(request: pytest.FixtureRequest, streaming: bool, address: str, tmp_path: Path) -> Mind:
    provider, name, version = SERVED[request.param]
    (tmp_path / "apiKey").write_text("sk-1")
    said = {"name": "local", "context_tokens": 32_768} if request.param == "ollama" else {}
    profile = Profile.model_validate(said | {"streaming": streaming})
    return build(Model(provider=provider, name=name, base_url=address + version, profile=profile), tmp_path)


async def _answer(mind: Mind, messages: list[BaseMessage]) -> AIMessage:
    runnable = with_tools(mind, [read_file])
    answer = await patiently(lambda: runnable.ainvoke(messages), mind, 1, lambda why, pause: None)
    assert isinstance(answer, AIMessage)
    return answer


async def test_a_tool_is_called_and_its_result_understood(mind: Mind) -> None:
    first = await _answer(mind, TICKET)
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("read_file", {"path": "shop/cart.py"})]
    used = usage_of(reported(first), None)
    assert (used.prompt_tokens, used.completion_tokens) == (120, 9)
    result = ToolMessage("29: total = price", tool_call_id=first.tool_calls[0]["id"], name="read_file")
    second = await _answer(mind, [*TICKET, first, result])
    assert "line 29" in second.text
    assert not is_cut_off(second)


async def test_an_answer_at_its_length_limit_is_known(mind: Mind) -> None:
    assert is_cut_off(await _answer(mind, [HumanMessage("Cut off")]))


async def test_a_full_server_is_asked_again_and_then_infrastructure(mind: Mind) -> None:
    with pytest.raises(Exception, match=r"Infrastructure/ModelUnavailable.*429"):
        await _answer(mind, [HumanMessage("Too much")])

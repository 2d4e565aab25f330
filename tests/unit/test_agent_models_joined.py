"""Calls that come in pieces are told apart, however a server counts them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, ToolCallChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from boardhand_runner.models.streaming import whole

A, B = '{"path": "a"}', '{"path": "b"}'
BOTH = [("1", {"path": "a"}), ("2", {"path": "b"})]


def part(id: str | None, name: str | None, args: str, index: int | None = None) -> ToolCallChunk:
    return tool_call_chunk(name=name, args=args, id=id, index=index)


def gathered(*parts: ToolCallChunk) -> list[tuple[str | None, dict[str, Any]]]:
    pieces = [ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[each])) for each in parts]
    end = ChatGenerationChunk(message=AIMessageChunk(content=""), generation_info={"finish_reason": "tool_calls"})
    answer = whole([*pieces, end])
    assert answer.invalid_tool_calls == []
    assert {call["name"] for call in answer.tool_calls} == {"read_file"}
    return [(call["id"], call["args"]) for call in answer.tool_calls]


@pytest.mark.parametrize(
    "parts",
    [
        [part("1", "read_file", A), part("2", "read_file", B)],
        [part("1", "read_file", A, 0), part("2", "read_file", B, 0)],
        [part("1", "read_file", "", 0), part(None, None, A, 0), part("2", "read_file", "", 0), part(None, None, B, 0)],
        [part("1", "read_file", ""), part(None, None, A), part("2", "read_file", ""), part(None, None, B)],
        [part("1", "read_file", A[:5], 0), part("1", "read_file", A[5:], 0), part("2", "read_file", B, 1)],
        [part("1", "read_", "", 0), part(None, "file", A, 0), part("2", "read_file", B, 1)],
        [part("1", "read_file", "", 0), part("2", "read_file", "", 1), part(None, None, A, 0), part(None, None, B, 1)],
    ],
)
def test_two_calls_are_two(parts: list[ToolCallChunk]) -> None:
    assert gathered(*parts) == BOTH


def test_calls_without_ids_are_told_apart_by_their_names() -> None:
    assert gathered(part(None, "read_file", A), part(None, "read_file", B)) == [(None, each[1]) for each in BOTH]


def test_an_id_may_come_late() -> None:
    assert gathered(part(None, "read_file", A[:5], 0), part("1", None, A[5:], 0)) == BOTH[:1]


@given(st.lists(st.integers(1, 8), max_size=8))
def test_arguments_may_be_cut_anywhere(cuts: list[int]) -> None:
    parts, left = [part("1", "read_file", "", 0)], A
    for cut in cuts:
        parts.append(part(None, None, left[:cut], 0))
        left = left[cut:]
    assert gathered(*parts, part(None, None, left, 0)) == BOTH[:1]

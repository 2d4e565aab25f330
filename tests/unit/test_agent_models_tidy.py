"""Answers whose calls have no ids or the same ones, and answers without end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolCallChunk
from langchain_core.outputs import ChatGenerationChunk

from boardhand_runner.models.streaming import whole
from boardhand_runner.models.tidy import MOST_CALLS, MOST_TEXT, tidied

IDS = st.lists(st.sampled_from([None, "", "call_0", "call_1", "text0"]), max_size=5)


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth - 2):
        inner = [inner]
    return inner


def said(good: list[str | None], bad: list[str | None] | None = None, text: str = "") -> AIMessage:
    calls = [{"name": "read_file", "args": {"path": str(at)}, "id": one} for at, one in enumerate(good)]
    broken = [
        {"type": "invalid_tool_call", "name": "run", "args": "{", "id": one, "error": str(at)}
        for at, one in enumerate(bad or [])
    ]
    return AIMessage(text, tool_calls=calls, invalid_tool_calls=broken, id="answer")


@given(st.lists(st.tuples(IDS, IDS), max_size=4))
def test_no_two_calls_of_a_conversation_have_the_same_id(
    answers: list[tuple[list[str | None], list[str | None]]],
) -> None:
    history: list[BaseMessage] = [HumanMessage("Ticket.")]
    for good, bad in answers:
        history.append(tidied(said(good, bad), history))
    kept = [message for message in history if isinstance(message, AIMessage)]
    ids = [call["id"] for one in kept for call in (*one.tool_calls, *one.invalid_tool_calls)]

    assert all(ids)
    assert len(ids) == len(set(ids)) == sum(len(good) + len(bad) for good, bad in answers)
    assert len({one.id for one in kept}) == len(answers)


def test_ids_that_tell_the_calls_apart_are_kept() -> None:
    answer = said(["a", "b"], ["c"])

    assert tidied(answer, []) == answer


@pytest.mark.parametrize(
    ("name", "kept"),
    [("functions.read_file", "functions_read_file"), ("", "unnamed"), ("führe aus", "f_hre_aus"), ("x" * 99, "x" * 64)],
)
def test_names_that_providers_refuse_are_made_to_fit(name: str, kept: str) -> None:
    answer = AIMessage("", tool_calls=[{"name": name, "args": {}, "id": "a"}], id="answer")

    assert [call["name"] for call in tidied(answer, []).tool_calls] == [kept]


def test_a_flood_of_calls_is_cut_and_the_model_told() -> None:
    kept = tidied(said([str(at) for at in range(2000)], ["x"], "All at once."), [])

    assert [call["args"]["path"] for call in kept.tool_calls] == [str(at) for at in range(MOST_CALLS)]
    assert kept.invalid_tool_calls == []
    assert kept.text == f"All at once.\n\n[{2001 - MOST_CALLS} further calls of this answer left out by the harness]"


def test_a_text_without_end_is_cut() -> None:
    kept = tidied(said([], text="x" * 10_000_000), [])

    assert len(kept.text) < MOST_TEXT + 100
    assert kept.text.startswith("x" * MOST_TEXT)
    assert tidied(said([], text="x" * MOST_TEXT), []).text == "x" * MOST_TEXT


def test_a_providers_own_blocks_go_back_as_they_came() -> None:
    blocks: list[str | dict[str, str]] = [
        {"type": "thinking", "thinking": "…", "signature": "s"},
        {"type": "tool_use", "id": "a", "name": "run"},
    ]
    answer = AIMessage(blocks, tool_calls=[{"name": "run", "args": {}, "id": "a"}], id="answer")

    assert tidied(answer, [answer]).content == blocks
    assert tidied(answer, [answer]).tool_calls == answer.tool_calls


@pytest.mark.parametrize("content", ["", [{"type": "tool_use", "id": "b", "name": "run"}]])
@pytest.mark.parametrize("torn", [{"command": "\ud83d"}, {"command": nested(41)}, {"command": nested(400)}])
def test_a_call_that_breaks_whoever_sends_it_is_none(content: Any, torn: dict[str, Any]) -> None:
    sound = {"name": "run", "args": {"command": nested(39)}, "id": "a"}
    kept = tidied(AIMessage(content, tool_calls=[sound, {"name": "run", "args": torn, "id": "b"}], id="answer"), [])

    assert [call["id"] for call in kept.tool_calls] == ["a"]
    assert [call["id"] for call in kept.invalid_tool_calls] == ["b"]
    assert kept.model_dump_json().encode("utf-8")


ENDLESS = ['{"path": ' + "[" * 5_000, '{"path":' * 5_000, '{"path": "a.py", "limit": NaN}']


@pytest.mark.parametrize("arguments", ENDLESS)
def test_a_model_that_repeats_itself_without_end_wrote_no_call(arguments: str) -> None:
    chunk = ToolCallChunk(type="tool_call_chunk", name="read_file", args=arguments, id="a", index=0)
    message = AIMessageChunk(content="", tool_call_chunks=[chunk], response_metadata={"finish_reason": "length"})
    answer = whole([ChatGenerationChunk(message=message)])

    assert ([*answer.tool_calls], len(answer.invalid_tool_calls)) == ([], 1)


def test_half_a_surrogate_pair_is_never_sent_back() -> None:
    torn = {"name": "read_file", "args": {"path": "\ud83d.txt"}, "id": "b"}
    sound = {"name": "read_file", "args": {"path": "🙂.txt"}, "id": "a"}

    kept = tidied(AIMessage("Look \udc00 here.", tool_calls=[sound, torn], id="answer"), [])

    assert [call["id"] for call in kept.tool_calls] == ["a"]
    assert [(call["id"], call["args"]) for call in kept.invalid_tool_calls] == [("b", '{"path": "\\ud83d.txt"}')]
    assert kept.model_dump_json().encode("utf-8")

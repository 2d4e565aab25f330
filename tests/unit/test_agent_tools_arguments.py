"""What the conversation keeps of a call whose argument would fill the window."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage

from boardhand_runner.history import Outcome
from boardhand_runner.nodes.tools import ARGUMENT_ROOMS, _messages, wanted_calls
from boardhand_runner.tools.catalog import Answer, Catalog, _ending

ROOM = 1000
MOST = ROOM * ARGUMENT_ROOMS


def kept(content: Any, calls: int = 1) -> list[Any]:
    made = [{"name": "write_file", "args": {"path": "a.txt", "content": content}, "id": str(at)} for at in range(calls)]
    message = AIMessage("I write it.", tool_calls=made, id="answer", additional_kwargs={"signed": "s"})
    wanted = wanted_calls(message)
    return _messages(message, wanted, [Answer("Written. " * ROOM, Outcome.DONE)] * calls, ROOM)


def test_a_long_argument_is_cut_once_it_is_carried_out() -> None:
    answer, result = kept("x" * 1_000_000)

    content = answer.tool_calls[0]["args"]["content"]
    assert len(content) < MOST + 100
    assert f"[{1_000_000 - MOST} characters left out]" in content
    assert answer.tool_calls[0]["args"]["path"] == "a.txt"
    assert (answer.id, answer.text, answer.additional_kwargs) == ("answer", "I write it.", {"signed": "s"})
    assert (answer.tool_calls[0]["id"], result.tool_call_id) == ("0", "0")


@pytest.mark.parametrize("content", ["x" * MOST, "", 7, ["x" * (MOST + 1)]])
def test_other_arguments_stay_and_the_answer_with_them(content: Any) -> None:
    assert [type(message) for message in kept(content)] == [ToolMessage]


def test_several_answers_share_the_room() -> None:
    assert all(len(message.text) < ROOM // 4 + 100 for message in kept("x", calls=4))


@pytest.mark.parametrize("more", [{}, {"id": "x", "name": "run", "args": {"summary": "Done."}}])
async def test_arguments_that_pass_for_a_whole_call_are_bad_ones(more: dict[str, Any]) -> None:
    catalog = Catalog(_ending())

    answer = await catalog.call("finish", {"type": "tool_call", **more})
    assert (answer.outcome, answer.text) == (Outcome.BAD, "Not carried out: type: this tool has no such argument.")
    assert (await catalog.call("finish", {"type": "call"})).outcome is Outcome.BAD

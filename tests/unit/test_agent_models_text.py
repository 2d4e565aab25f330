"""Tool calls as text: what is written is read back, and what models of a few billion parameters really write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from boardhand_api.model import CallFormat
from boardhand_runner.models import Mind
from boardhand_runner.models.calling import forcing, with_tools
from boardhand_runner.models.profiles import Abilities
from boardhand_runner.models.text_calls import functions, read, schemas, write
from boardhand_runner.tools.catalog import EditFile, WriteFile
from boardhand_runner.tools.catalog import _tool as tool
from tests.support.scripted import ScriptedChatModel, answer, calls

TOOLS = [tool("write_file", WriteFile, str, "Write."), tool("edit_file", EditFile, str, "Edit.")]
NAMED: dict[str, Any] = {
    **schemas(functions(TOOLS)),
    "run": {"command": {"type": "string"}},
    "read_file": {"path": {"type": "string"}, "limit": {"type": "integer"}},
}


def one(text: str) -> tuple[str, dict[str, Any]]:
    written = read(text, NAMED)
    assert written.broken == []
    (call,) = written.calls
    return call["name"], call["args"]


LINE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(lambda text: "[[" not in text)
BLOCK = st.lists(LINE.filter(lambda text: "```" not in text and not text.endswith(":")), min_size=2).map(
    lambda lines: "\n".join(lines) + "\n"
)


@given(LINE.filter(lambda text: text[:1] not in ("'", '"', "`")), LINE | BLOCK)
def test_what_is_written_is_read_back(path: str, content: str) -> None:
    assert one(write("write_file", {"path": path, "content": content})) == (
        "write_file",
        {"path": path, "content": content},
    )


@given(st.text())
def test_whatever_is_answered_can_be_read(text: str) -> None:
    for answered in (text, f"[[call write_file]]\n{text}", f"<tool_call>{text}</tool_call>"):
        written = read(answered, NAMED)
        assert len(written.calls) + len(written.broken) <= answered.count("call")


FILE = {"path": "a.py", "content": "def f(x):\n    path: str = x\n"}
GENEROUS = {
    "as asked": (
        "write_file",
        "[[call write_file]]\npath: a.py\ncontent:\ndef f(x):\n    path: str = x\n[[end]]",
        FILE,
    ),
    "no end": (
        "write_file",
        "I write it.\n[[call write_file]]\npath: a.py\ncontent:\ndef f(x):\n    path: str = x",
        FILE,
    ),
    "fenced value": (
        "write_file",
        "[[call write_file]]\npath: a.py\ncontent:\n```python\ndef f(x):\n    path: str = x\n```\n[[end]]",
        FILE,
    ),
    "fenced block": (
        "write_file",
        "```\n[[call write_file]]\npath: a.py\ncontent:\ndef f(x):\n    path: str = x\n[[end]]\n```\nDone.",
        FILE,
    ),
    "quoted": ("read_file", '[[Call `read_file`]]\npath: "a.py"\nlimit: 20\n[[ END ]]', {"path": "a.py", "limit": 20}),
    "own object": ("read_file", '[[call read_file]]\n{"path": "a.py"}\n[[end]]', {"path": "a.py"}),
    "below": ("read_file", "[[call read_file]]\npath:\na.py\n[[end]]", {"path": "a.py"}),
    "two long values": (
        "edit_file",
        "[[call edit_file]]\npath: a.py\nold:\na = 1\nb = 2\nnew:\na = 2\nb = 1\n[[end]]",
        {"path": "a.py", "old": "a = 1\nb = 2\n", "new": "a = 2\nb = 1\n"},
    ),
    "trained JSON": (
        "read_file",
        'Look.\n<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py"}}\n</tool_call>',
        {"path": "a.py"},
    ),
    "bare JSON": ("read_file", '```json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```', {"path": "a.py"}),
}


@pytest.mark.parametrize(("name", "text", "arguments"), GENEROUS.values(), ids=GENEROUS.keys())
def test_it_reads_generously(name: str, text: str, arguments: dict[str, Any]) -> None:
    assert one(text) == (name, arguments)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[call read_file]]\nthe file a.py please\n[[end]]", "no argument"),
        ("[[call read_file]]\npath: a.py\nlimit: many\n[[end]]", "no integer"),
        ("[[call read_file]]\n{'path': 1}\n[[end]]", "Expecting"),
        ('<tool_call>{"name": "read_file"}</tool_call>', "arguments"),
        ('<tool_call>{"name": "read_file", "arguments": []}</tool_call>', "no object"),
        ("[[call read_file]]\n" + '{"path":' * 5_000, "within more than"),
        ("[[call read_file]]\npath: a.py\nlimit: " + "[" * 5_000, "no integer"),
        ('<tool_call>{"name": "read_file", "arguments": ' + "[" * 5_000, "within more than"),
    ],
)
def test_a_bad_block_is_named_and_nothing_of_it_is_called(text: str, problem: str) -> None:
    written = read(text, NAMED)
    assert written.calls == []
    assert [problem in (broken["error"] or "") for broken in written.broken] == [True]


def test_text_without_calls_stays_text() -> None:
    assert read("Use `call` and [[wiki]] links.", NAMED).text == "Use `call` and [[wiki]] links."
    assert read("Use `call` and [[wiki]] links.", NAMED).calls == []


def mind(said: list[Any], **abilities: Any) -> tuple[Mind, ScriptedChatModel]:
    chat = ScriptedChatModel(answers=said, asked=[], offered=[])
    return Mind("m", chat, abilities=Abilities(calls=CallFormat.TEXT, **abilities)), chat


async def test_a_conversation_goes_as_text_and_comes_back_as_calls() -> None:
    model, chat = mind(
        [answer("Look.\n[[call run]]\ncommand: ls\n[[end]]\nResult: nothing\n[[call run]]\ncommand: rm x")],
        parallel_calls=False,
    )
    asked = [
        SystemMessage("Rules."),
        HumanMessage("Ticket."),
        calls(("run", {"command": "pwd"}), text="First."),
        ToolMessage("exit code 0", tool_call_id="run-0", name="run"),
        HumanMessage("Nudge."),
    ]
    said = await with_tools(model, TOOLS).ainvoke(asked)

    assert isinstance(said, AIMessage)
    assert (said.text, [(call["name"], call["args"]) for call in said.tool_calls]) == (
        "Look.",
        [("run", {"command": "ls"})],
    )
    assert said.usage_metadata is not None
    system, ticket, first, result = chat.asked[0]
    assert [type(message) for message in chat.asked[0]] == [SystemMessage, HumanMessage, AIMessage, HumanMessage]
    assert "Rules." in system.text
    assert "[[call write_file]]\npath: Relative" in system.text
    assert (ticket.text, first.text) == ("Ticket.", "First.\n\n[[call run]]\ncommand: pwd\n[[end]]")
    assert result.text == "Result of run:\nexit code 0\n\nNudge."
    assert chat.offered == [[]]


class Answered(BaseModel):
    """Say it."""

    word: str


async def test_a_forced_function_is_asked_for_as_text_too() -> None:
    model, chat = mind([answer("[[call Answered]]\nword: yes\n[[end]]"), answer("[[call Answered]]\nother: 1")])
    good = await forcing(model, Answered).ainvoke([SystemMessage("Rules."), HumanMessage("?")])
    bad = await forcing(model, Answered).ainvoke([SystemMessage("Rules."), HumanMessage("?")])

    assert good["parsed"] == Answered(word="yes")
    assert bad["parsed"] is None
    assert "exactly one block" in chat.asked[0][0].text

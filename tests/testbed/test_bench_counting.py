"""How the bench counts: requests of all harnesses alike, and rows that say whether an aim is met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.bench.counting import parts, spent
from testbed.bench.project import STEPS, files, moves, script
from testbed.bench.rows import row, write

TOOL = {"type": "function", "function": {"name": "run", "parameters": {}}}


def request(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"messages": list(messages), "tools": [TOOL]}


def said(text: str, *calls: tuple[str, str]) -> dict[str, Any]:
    made = [{"id": "c", "type": "function", "function": {"name": name, "arguments": args}} for name, args in calls]
    return {"role": "assistant", "content": text, "tool_calls": made}


def test_tools_texts_and_calls_count_and_nothing_else() -> None:
    told = parts(request({"role": "user", "content": "abc\n"}, said("", ("run", '{"a": 1}'))))
    assert told == [json.dumps([TOOL]), "abc\n", 'run{"a": 1}']


def test_what_repeats_is_the_common_beginning_and_costs_its_share() -> None:
    first = request({"role": "user", "content": "a" * 400})
    second = request({"role": "user", "content": "a" * 400}, said("b" * 40))
    third = request({"role": "user", "content": "c" * 400}, said("b" * 40))
    fixed = len(json.dumps([TOOL])) / 4

    figures = spent([first, second, third])
    assert figures.requests == 3
    assert figures.prompt == round(3 * fixed + 100 + 110 + 110)
    assert figures.repeated == round(2 * fixed + 100)
    assert figures.peak == round(fixed + 110)
    assert figures.paid(1) == figures.prompt
    assert figures.paid(0) == figures.prompt - figures.repeated


@pytest.mark.parametrize("short", [False, True])
def test_the_sixty_steps_fit_the_project(short: bool) -> None:
    steps = moves(short)
    assert len(steps) == len(script(steps).steps) == STEPS == 60
    assert all(name.isascii() and text.isascii() for name, text in files().items())
    edited = [move for move in steps if move.tool == "edit_file"]
    assert all(files()[move.arguments["path"]].count(move.arguments["old"]) == 1 for move in edited)
    assert steps[-1].tool == "finish"


def test_rows_are_met_from_below_and_written_as_a_list(tmp_path: Path) -> None:
    rows = [row("quick", [3, 1, 2], 2, "ms"), row("slow", [3.5], 2), row("known", [1])]
    assert [entry.met for entry in rows] == [True, False, None]
    assert (rows[0].value, rows[0].low, rows[0].high) == (2, 1, 3)
    write(rows, tmp_path / "build" / "bench.json")
    told = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [entry["name"] for entry in told] == ["quick", "slow", "known"]
    assert set(told[0]) >= {"name", "value", "unit", "aim", "met"}

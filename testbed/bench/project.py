"""A project made for measuring, and sixty steps of work on it: the same work for two harnesses.

Each step is told twice, as calls of Boardhand's tools and as the shell command by which an agent that has nothing but
a shell does the same: the same file's lines, the same matches, the same edit, the same test run.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.model.scripts import Script, Step, ToolCall

TITLE = "Round every amount half up"
BODY = "The tax office wants amounts rounded half up, not half to even. Change every module of the ledger."
VERIFY = "python3 -m unittest"
STEPS = 60
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
"""By which mini-swe-agent is told that the work is done."""
_MODULES = (
    "accounts", "banking", "credits", "debits", "exports", "fees", "grants", "holdings", "invoices", "journals",
    "lending", "mergers",
)  # fmt: skip
_FUNCTIONS, _TESTS = 28, 6
_OLD, _NEW = "ROUND_HALF_EVEN", "ROUND_HALF_UP"


@dataclass(frozen=True)
class Move:
    """One step: what is said, the tool that is called, and the same as a shell command."""

    say: str
    tool: str
    arguments: dict[str, Any]
    command: str


def files() -> dict[str, str]:
    """The project: 12 modules of about 250 lines, each with its tests."""
    out = {"README.md": "# Ledger\n\nAmounts are Decimal. Tests: `python3 -m unittest`.\n", "ledger/__init__.py": ""}
    for name in _MODULES:
        out[f"ledger/{name}.py"] = _module(name)
        out[f"tests/test_{name}.py"] = _tests(name)
    return out | {"tests/__init__.py": ""}


def moves(short: bool = False) -> list[Move]:
    """The sixty steps; the last one ends the work. `short`: every step shows about a third as much."""
    made = [move for number, name in enumerate(_MODULES) for move in _round(number, name, short)][: STEPS - 1]
    done = "Every module rounds half up; the tests pass."
    return [*made, Move("All modules are changed.", "finish", {"summary": done}, SUBMIT)]


def script(steps: Sequence[Move]) -> Script:
    """The steps for Boardhand, as the scripted stand-in plays them."""
    played = [_step(move.say, move.tool, **move.arguments) for move in steps]
    answers: dict[str, dict[str, Any]] = {
        "Route": {"specialist": "coder", "reason": "A change of behaviour."},
        "PullRequestText": {"title": TITLE, "why": "Amounts are rounded as the tax office wants them."},
    }
    return Script(name="sixty-steps", ticket=TITLE, answers=answers, steps=tuple(played))


def _step(say: str, name: str, **arguments: Any) -> Step:
    return Step(say=say, calls=(ToolCall(name=name, arguments=arguments),))


def _round(number: int, name: str, short: bool) -> list[Move]:
    path, tests, pattern = f"ledger/{name}.py", f"tests/test_{name}.py", f"{name}_[0-9]+\\("
    old, new = f"ROUNDING = {_OLD}", f"ROUNDING = {_NEW}"
    run, lines = ("python3 -m unittest", 80) if short else ("python3 -m unittest -v", 300)
    where = f"ledger/{name}.py" if short else "."
    last = (
        Move("What the tests of it say.", "read_file", {"path": tests, "limit": lines}, _lines(tests, lines))
        if number % 2
        else Move("What is changed so far.", "git_diff", {}, "git diff")
    )
    return [
        Move(
            f"Where the functions of {name} are used.",
            "search",
            {"pattern": pattern, "path": where},
            f"grep -rnE --include=*.py {shlex.quote(pattern)} {where}",
        ),
        Move(f"How {name} rounds.", "read_file", {"path": path, "limit": lines}, _lines(path, lines)),
        Move(
            "It rounds half to even.",
            "edit_file",
            {"path": path, "old": old, "new": new},
            f"sed -i 's/{old}/{new}/' {path}",
        ),
        Move("Do the tests still pass?", "run", {"command": run}, run),
        last,
    ]


def _lines(path: str, number: int) -> str:
    return f"nl -ba {path} | sed -n '1,{number}p'"


def _module(name: str) -> str:
    head = (
        f'"""The {name} of the ledger: amounts in, amounts out."""\n\n'
        f"from decimal import {_OLD}, {_NEW}, Decimal\n\nROUNDING = {_OLD}\nCENT = Decimal('0.01')\n"
    )
    functions = [
        f"\n\ndef {name}_{at}(amount: Decimal, rate: Decimal = Decimal('{at % 7 + 1}')) -> Decimal:\n"
        f'    """The amount at rate {at} of the {name}, in whole cents."""\n'
        f"    if amount < 0:\n"
        f'        raise ValueError(f"{name}: {{amount}} is below zero")\n'
        f"    gross = amount * rate + Decimal({at})\n"
        f"    return gross.quantize(CENT, rounding=ROUNDING)\n"
        for at in range(_FUNCTIONS)
    ]
    return head + "".join(functions)


def _tests(name: str) -> str:
    head = (
        f"import unittest\nfrom decimal import Decimal\n\nfrom ledger import {name}\n\n\n"
        f"class {name.capitalize()}Test(unittest.TestCase):\n"
    )
    tests = [
        f"    def test_{name}_{at}_adds_its_rate(self):\n"
        f"        self.assertEqual({name}.{name}_{at}(Decimal('10')), Decimal({10 * (at % 7 + 1) + at}))\n"
        f"        with self.assertRaises(ValueError):\n"
        f"            {name}.{name}_{at}(Decimal('-1'))\n"
        for at in range(_TESTS)
    ]
    return head + "\n".join(tests)

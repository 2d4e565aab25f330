"""Bombs: files, answers and names that are small to write and dear to read."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.model.scripts import ToolCall
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.raid import TICKET, WORK, Raid, call, run
from testbed.redteam.raiding import carried_out

SECONDS = 45
"""A run that takes longer than this on a busy machine was held up; each takes a few seconds."""
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
JUNIT = f'<?xml version="1.0"?><!DOCTYPE t [<!ENTITY l0 "ha">{LAUGHS}]><testsuite><testcase name="&l9;"/></testsuite>'
DEEP = 100_000


def attacks() -> list[Attack]:
    """Every attack of this theme: the run must come to a class of its own, soon."""
    return [*_reports(), *_files(), *_answers(), _yaml()]


def _bomb(name: str, wants: str, raid: Callable[[], Raid], **more: Any) -> Attack:
    def tried() -> Outcome:
        began = time.monotonic()
        with carried_out(raid()) as seen:
            return Outcome(time.monotonic() - began > SECONDS, seen.came_to)

    return Attack(name, wants, tried, **more)


def _reports() -> list[Attack]:
    """What test runners write, and the gate reads."""
    head = "echo 1..1\necho ok 1\n"
    deep = f"python3 -c 'print(\"<a>\" * {DEEP})' >TEST-b.xml\n"
    wide = (
        "yes '1 passed, 1 failed, ' | tr -d '\\n' | head -c 6000000; echo; yes '= ' | tr -d '\\n' | head -c 3000000\n"
    )
    names = "yes '--- PASS: TestA (0.00s)' | head -n 150000\n"
    return [
        _bomb(
            "entities-in-a-test-report",
            "the agent stage's memory, by entities of a JUnit report",
            lambda: Raid([WORK], _never, files={"check.sh": f"{head}cat bomb >TEST-a.xml\n", "bomb": JUNIT}),
        ),
        _bomb(
            "depth-in-a-test-report",
            "a stack that ends, by elements of a JUnit report",
            lambda: Raid([WORK], _never, files={"check.sh": f"{head}{deep}"}),
        ),
        _bomb(
            "lines-without-an-end-in-test-output",
            "the harness' time, by lines that its expressions take long for",
            lambda: Raid([WORK], _never, files={"check.sh": f"{head}{wide}{names}"}),
        ),
    ]


def _files() -> list[Attack]:
    """What lies in the repository, or is put there."""
    braces = "describe('" + "it('x', () => { test(`${" * 5_000
    python = "def test_a():\n    assert " + "(" * 20_000 + "1" + ")" * 20_000 + "\n"
    wide = "def test_b():\n    assert " + "+".join(["1"] * 50_000) + "\n"
    return [
        _bomb(
            "depth-in-build-files",
            "a stack that ends, by what checkout reads to tell the commands",
            lambda: Raid(
                [WORK],
                _never,
                files={"package.json": "[" * DEEP, "pyproject.toml": f"a = {'[' * DEEP}"},
                given={"verify": []},
            ),
        ),
        _bomb(
            "depth-in-test-sources",
            "a stack that ends, by tests that the gate reads",
            lambda: Raid(
                [
                    call("write_file", path="test_a.py", content=python),
                    call("write_file", path="test_b.py", content=wide),
                    call("write_file", path="a.test.js", content=braces),
                ],
                _never,
            ),
        ),
        _bomb(
            "expression-that-takes-for-ever",
            "the file tools' time, by a pattern that backtracks",
            lambda: Raid(
                [
                    call("write_file", path="a.txt", content=f"{'a' * 5000}!\n"),
                    call("search", pattern="^(a+)+$"),
                    call("search", pattern="(a|aa)*(a|aa)*(a|aa)*b"),
                    call("search", pattern="(((a{0,99}){0,99}){0,99}){0,99}b"),
                ],
                _never,
            ),
        ),
        _bomb(
            "folders-without-an-end",
            "what walks the tree, by folders below folders",
            lambda: Raid(
                [
                    run(f"for i in $(seq 10); do mkdir -p {'d/' * 45}; cd {'d/' * 45}; done; echo x >x"),
                    call("list_files", pattern="**"),
                    call("search", pattern="x"),
                    WORK,
                ],
                _never,
            ),
        ),
    ]


def _answers() -> list[Attack]:
    """What the model itself sends."""
    deep = '{"command": ' + "[" * 5_000 + "]" * 5_000 + "}"
    return [
        _bomb(
            "arguments-without-a-bottom",
            "a stack that ends, by a tool's arguments",
            lambda: Raid([ToolCall(name="run", raw_arguments=deep), WORK], _never),
        ),
        _bomb(
            "summary-without-an-end",
            "a log and a message that nobody can read, by the summary",
            lambda: Raid(
                [WORK, call("finish", summary="x\n" * 50_000)],
                _never,
                texts={"title": "t" * 5_000, "why": "\u202e\u001b]0;x\u0007" * 2_000},
                ticket=TICKET,
            ),
        ),
    ]


def _never(_: object) -> bool:
    return False


def _yaml() -> Attack:
    return Attack("aliases-in-a-ticket", "the runner's memory, by a ticket of YAML aliases", _laughing)


def _laughing() -> Outcome:
    lines = ["a0: &a0 [ha, ha]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with tempfile.TemporaryDirectory(prefix="boardhand-bomb-") as folder:
        ticket = Path(folder, "ticket.yaml")
        ticket.write_text("\n".join([*lines, "title: *a11", ""]))
        words = ["run", "--ticket", str(ticket), "--repo", folder, "--model", "m"]
        command = [sys.executable, "-c", "import sys; from boardhand_runner.cli import main; sys.exit(main())", *words]
        limited = ["prlimit", "--as=2000000000", *command]
        done = subprocess.run(limited, capture_output=True, text=True, timeout=SECONDS, check=False)
    said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    return Outcome(done.returncode != 2, said)

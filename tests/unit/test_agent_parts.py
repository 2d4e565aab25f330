"""The agent's smaller parts: transcript, prompts, the MCP adapter, bounds, and the repository as it uses it."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.server.mcpserver import MCPServer

from boardhand_api.events import EVENT_BYTES, Ended, Step, last_result, parse_event
from boardhand_api.result import Result, Usage
from boardhand_api.ticket import Ticket, TicketComment
from boardhand_runner.errors import Infrastructure, ToolError
from boardhand_runner.history import BUGFIXER, CODER
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.prompts import fenced, nudge_text, opening
from boardhand_runner.prompts.boundary import visible
from boardhand_runner.repository import Repository
from boardhand_runner.state import Check
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.catalog import Catalog
from boardhand_runner.tools.command import Bench
from boardhand_runner.tools.mcp import session, tools
from boardhand_runner.transcript import Transcript, secrets_below
from boardhand_runner.usage import Ledger
from boardhand_runner.workbench import CommandResult
from tests.support.benches import LIMITS, lay_out


def test_a_step_of_any_size_stays_a_short_event() -> None:
    out = io.StringIO()
    many = [("run", "x" * 100_000)] * 100
    Transcript(out).step(1, "coder", "ä" * 100_000, Usage(), many, ["é" * 100_000] * 100)
    event = parse_event(out.getvalue())

    assert isinstance(event, Step)
    assert len(out.getvalue().encode()) < 16_000


@given(st.text(max_size=20_000), st.sampled_from(["", "\x01", "漢", '"']))
def test_the_result_is_always_readable_as_the_last_event(text: str, filler: str) -> None:
    out = io.StringIO()
    result = Result(summary=(text + filler * 20_000)[:20_000], title="t" * 300)
    Transcript(out).ended(result)
    read = last_result(out.getvalue())

    assert read is not None
    assert result.summary.startswith(read.summary)
    assert isinstance(parse_event(out.getvalue().rstrip("\n")), Ended)
    assert len(out.getvalue().encode()) <= EVENT_BYTES


def test_secrets_are_blotted_out_before_heads_are_cut(tmp_path: Path) -> None:
    (tmp_path / "model-large").mkdir()
    (tmp_path / "model-large" / "apiKey").write_text("sk-abcdef-123\n")
    (tmp_path / "short").write_text("ab")
    (tmp_path / "Authorization").write_text("Bearer tok-123456")
    out = io.StringIO()
    Transcript(out, secrets_below(tmp_path)).nudged("gate", "VerifyRed", "x" * 970 + "tok-123456 sk-abcdef-123 ab")

    assert "sk-" not in out.getvalue()
    assert "tok-" not in out.getvalue()
    assert "***" in out.getvalue()
    assert secrets_below(tmp_path / "absent") == []


def test_undefined_words_in_prompts_are_errors() -> None:
    with pytest.raises(UndefinedError):
        nudge_text("VerifyRed", "f", failed="x")
    with pytest.raises(UndefinedError):
        opening("coder", "f", {"ticket": "x"})


@pytest.mark.parametrize("name", [CODER, BUGFIXER])
@pytest.mark.parametrize("green", [True, False])
def test_prompts_say_what_the_baseline_was(name: str, green: bool) -> None:
    values = {
        "ticket": "T",
        "plan": "",
        "earlier": "",
        "notes": "",
        "map": "",
        "workdir": "",
        "kept": "CODEOWNERS",
        "submodules": ["vendored"],
        "verify": ["make test"],
        "baseline": Check(green, "$ make test\nexit code 2"),
    }
    system, user = opening(name, "run-7", values)

    assert "run-7" in str(system.content)
    assert "These are kept for people: CODEOWNERS. Change none of them" in str(system.content)
    assert "- make test" in str(user.content)
    assert "read but not change: vendored." in str(user.content)
    assert ("exit code 2" in str(user.content)) is not green
    assert "notes" not in str(user.content)


def test_templates_in_data_are_not_templates() -> None:
    _, user = opening("analyst", "f", {"ticket": "{{ 7 * 7 }} <b>&", "earlier": "", "notes": "", "map": ""})

    assert "{{ 7 * 7 }} <b>&" in str(user.content)


@given(st.text())
def test_what_is_fenced_stands_between_its_lines(text: str) -> None:
    assert fenced(text, "ticket", "f-1") == f"<ticket f-1>\n{visible(text.strip())}\n</ticket f-1>"


def test_a_ticket_is_told_whole() -> None:
    comments = [TicketComment(author="Ann", text="Soon!"), TicketComment(text="Why?")]
    ticket = Ticket(id="1", title="Mend it", body="It is broken.", labels=["bug", "ui"], comments=comments)

    assert ticket_text(ticket) == (
        "Title: Mend it\n\nLabels: bug, ui\n\nIt is broken.\n\nComment by Ann:\nSoon!\n\nComment by somebody:\nWhy?"
    )


@given(st.text(max_size=500), st.integers(8, 100))
def test_bounded_texts_keep_head_and_tail(text: str, characters: int) -> None:
    short = bounded(text, characters, "log")

    assert short == text or len(short) <= characters + 80
    assert short[: characters // 4] == text[: characters // 4]
    assert short[-characters // 2 :] == text[-characters // 2 :]


@pytest.fixture
def server() -> MCPServer:
    server = MCPServer("fake")

    @server.tool()
    def show(repo_path: str, target: str, lines: int = 3) -> str:
        """Show it."""
        if target == "bad":
            raise ValueError("no such target")
        return f"{repo_path} {target} {lines}"

    @server.tool()
    def remove(repo_path: str) -> str:
        return repo_path

    return server


async def test_an_mcp_tool_is_offered_without_its_fixed_arguments(server: MCPServer) -> None:
    async with Client(server) as client:
        [show] = await tools(client, ["show"], {"repo_path": "/r"}, {"show": {"target": "HEAD"}})
        catalog = Catalog([show])

        assert show.name == "show"
        assert isinstance(show.args_schema, dict)
        assert set(show.args_schema["properties"]) == {"target", "lines"}
        assert show.args_schema["required"] == []
        assert (await catalog.call("show", {})).text == "/r HEAD 3"
        assert (await catalog.call("show", {"target": "x", "lines": 1, "repo_path": "/etc"})).text == "/r x 1"
        assert (await catalog.call("show", {"lines": "many"})).text.startswith("Error:")
        with pytest.raises(ToolError):
            await show.ainvoke({"target": "bad"})
        assert (await catalog.call("remove", {})).outcome == "unknown tool"


async def test_a_tool_the_mcp_server_lacks_is_named(server: MCPServer) -> None:
    async with Client(server) as client:
        with pytest.raises(Infrastructure, match=r"no gone; it has \['remove', 'show'\]"):
            await tools(client, ["show", "gone"], {}, {})


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Repository, Path]:
    files = {"a.py": "1\n", "tests/test_a.py": "a = 1\nb = 2\nc = 3\n", "AppTest.java": "x\n", "docs/contest.md": "y\n"}
    settings = lay_out(tmp_path / "run", files)
    return Repository(settings), settings.work


def test_a_commits_message_orders_nothing(repository: tuple[Repository, Path]) -> None:
    kept, work = repository
    (work / "new.py").write_text("x = 1\n")
    kept.commit("fixes #7 [skip ci] @ada\n\nCo-authored-by: Eve <eve@example.com>")
    read = ["git", "-C", str(work), "log", "-1", "--format=%B"]
    said = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    assert said.count("\n") <= 2, "no trailer stands in a line of its own"
    for order in ("#7", "[skip ci]", "@ada"):
        assert order not in said


def test_nothing_changed_is_no_commit(repository: tuple[Repository, Path]) -> None:
    kept, work = repository
    assert kept.commit("none") is None
    (work / "a.py").write_text("2\n")
    first = kept.commit("one")
    assert first is not None
    assert kept.commit("again") == first
    (work / "a.py").write_text("1\n")
    assert kept.commit("back") is None


def test_what_stood_there_before_the_work_is_left_out_of_it(repository: tuple[Repository, Path]) -> None:
    kept, work = repository
    for name in ("out/x", "a [1]*.log", "ä", " b"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("x")
    (work / "a.py").write_text("changed by setup")
    kept.settle()
    assert (work / "a.py").read_text() == "1\n"
    assert kept.commit("none") is None
    (work / "a 1.log").write_text("mine")
    assert kept.commit("mine")
    assert "a 1.log" in kept.change()


def test_what_git_will_not_have_is_told_and_no_fault_of_the_node(repository: tuple[Repository, Path]) -> None:
    kept, work = repository
    (work / ".gitattributes").write_text("*.txt working-tree-encoding=UTF-16\n")
    (work / "a.txt").write_text("no byte order mark")
    assert kept.commit("odd") is None
    [told] = kept.left_out()
    assert "a.txt" in told
    (work / ".gitattributes").unlink()
    assert kept.commit("even")
    assert kept.left_out() == []


class LosingBench:
    """A fake workbench that is lost with the first verify command, and forgets then what setup did."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def wait_ready(self) -> None:
        self.ran.append("ready")

    def run(self, command: str, timeout_seconds: float) -> CommandResult:
        self.ran.append(command)
        lost = self.ran.count("verify") == 1 and command == "verify"
        return CommandResult(None if lost else 0, b"", Path("log"), 0.1, lost=lost)

    def close(self) -> None:
        self.ran.append("closed")


async def test_a_lost_workbench_is_set_up_again() -> None:
    workbench = LosingBench()
    bench = Bench(workbench, Ledger(LIMITS), ["setup"])
    await bench.open()
    results = [await bench.run("verify", 5) for _ in range(3)]

    assert [result.lost for result in results] == [True, False, False]
    assert workbench.ran == ["ready", "setup", "verify", "setup", "verify", "verify"]


async def test_an_mcp_server_that_ends_is_infrastructure_at_once(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(
        "import os\n"
        "from mcp.server.mcpserver import MCPServer\n"
        "server = MCPServer('dying')\n"
        "@server.tool()\n"
        "def die() -> str:\n"
        "    os._exit(3)\n"
        "server.run('stdio')\n"
    )
    began = time.monotonic()
    async with session(StdioServerParameters(command=sys.executable, args=[str(script)])) as client:
        [die] = await tools(client, ["die"], {}, {})
        with pytest.raises(Infrastructure, match="McpServerLost"):
            await die.ainvoke({})

    assert time.monotonic() - began < 30


async def test_an_mcp_server_that_does_not_start_is_infrastructure() -> None:
    with pytest.raises(Infrastructure, match="McpServerFailed"):
        async with session(StdioServerParameters(command=sys.executable, args=["-c", "raise SystemExit(1)"])):
            pass

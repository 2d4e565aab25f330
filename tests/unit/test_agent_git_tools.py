"""The git tools on what is no UTF-8: files, messages and names of old projects."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from boardhand_runner.git import Git
from boardhand_runner.history import Outcome
from boardhand_runner.tools.catalog import Catalog
from boardhand_runner.tools.mcp_git import git_tools
from tests.support.benches import lay_out

LATIN = "café".encode("latin-1")
ODD = os.fsdecode(LATIN)


@pytest.mark.slow
async def test_what_is_no_utf_8_is_shown_and_breaks_no_server(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "run", {"a.txt": "x\n", ODD: "x\n"})
    git = Git(settings, work_tree=settings.work)
    (settings.work / "a.txt").write_bytes(LATIN + b" one\n")
    (settings.work / ODD).write_bytes(LATIN)
    git.run("commit", "--all", "--quiet", "--cleanup=verbatim", "--file=-", stdin=LATIN + b"\n")
    (settings.work / "a.txt").write_bytes(LATIN + b" two\n")
    (settings.work / f"new {ODD}").touch()
    asked = [("git_diff_unstaged", "two"), ("git_diff", "two"), ("git_status", "new caf"), ("git_log", "Message: caf")]
    asked.append(("git_show", "one"))
    arguments = {"git_show": {"revision": "HEAD"}}

    async with git_tools(settings) as tools, asyncio.timeout(30):
        catalog = Catalog(tools)
        for name, expected in asked:
            answer = await catalog.call(name, arguments.get(name, {}))
            assert answer.outcome is Outcome.DONE
            assert expected in answer.text

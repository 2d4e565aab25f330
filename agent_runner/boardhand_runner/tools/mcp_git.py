"""Git for the model, read only: mcp-server-git on the run's repository, over one session that is held."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langchain_core.tools import BaseTool
from mcp import StdioServerParameters

from boardhand_runner.git import Git
from boardhand_runner.settings import Settings
from boardhand_runner.tools.mcp import session, tools

READING = ("git_status", "git_diff", "git_diff_unstaged", "git_diff_staged", "git_log", "git_show")
"""The server's other tools write: commits are the harness' own."""
DEFAULTS = {"git_diff": {"target": "HEAD"}}


@asynccontextmanager
async def git_tools(settings: Settings) -> AsyncIterator[list[BaseTool]]:
    """The reading git tools. Raises Infrastructure where the server does not start."""
    async with session(_server(settings)) as client:
        yield await tools(client, READING, {"repo_path": str(settings.work)}, DEFAULTS)


def _server(settings: Settings) -> StdioServerParameters:
    """Isolated (-I) and started outside the work tree, so that no module planted there is imported."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-I", "-m", "boardhand_runner.tools.mcp_git_server", "--repository", str(settings.work)],
        env=Git(settings, work_tree=settings.work).environment,
        cwd=settings.git_dir,
    )

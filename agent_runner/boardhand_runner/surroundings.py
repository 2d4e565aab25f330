"""What the agent works with that is a process or a server of its own; tests put others in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boardhand_api.mcp_servers import McpServer
from boardhand_api.model import Model
from boardhand_runner.models import Mind, build
from boardhand_runner.settings import Settings
from boardhand_runner.workbench import Workbench

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


@asynccontextmanager
async def git_server(settings: Settings) -> AsyncIterator[list[BaseTool]]:
    """The git tools of mcp-server-git, imported when it is wanted."""
    from boardhand_runner.tools.mcp_git import git_tools

    async with git_tools(settings) as tools:
        yield tools


@asynccontextmanager
async def listed_servers(settings: Settings, servers: Sequence[McpServer]) -> AsyncIterator[dict[str, list[BaseTool]]]:
    """The tools of the pool's own MCP servers by specialist, imported where there are any."""
    if not servers:
        yield {}
        return
    from boardhand_runner.tools.mcp_servers import pool_tools

    async with pool_tools(settings, servers) as tools:
        yield tools


@dataclass(frozen=True)
class Surroundings:
    """What the agent works with that is a process or a server of its own."""

    workbench: Workbench
    minds: Callable[[Model, Path], Mind] = build
    git_tools: Callable[[Settings], AbstractAsyncContextManager[list[BaseTool]]] = git_server
    pool_tools: Callable[[Settings, Sequence[McpServer]], AbstractAsyncContextManager[dict[str, list[BaseTool]]]] = (
        listed_servers
    )

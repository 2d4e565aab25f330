"""What the agent works with that is a process or a server of its own; tests put others in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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


@dataclass(frozen=True)
class Surroundings:
    """What the agent works with that is a process or a server of its own."""

    workbench: Workbench
    minds: Callable[[Model, Path], Mind] = build
    git_tools: Callable[[Settings], AbstractAsyncContextManager[list[BaseTool]]] = git_server

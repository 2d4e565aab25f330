"""One MCP server of the pool: how it is reached, its session, and what becomes of that when the server ends."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import deque
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast

from mcp import MCPError
from mcp.client import Client
from mcp.client._transport import TransportStreams
from mcp.types import CONNECTION_CLOSED, Tool

from boardhand_api.mcp_servers import McpServer
from boardhand_api.pod import MCP_SECRET_PREFIX
from boardhand_api.redaction import Redaction
from boardhand_runner.errors import Configuration, Infrastructure, RunnerError, ToolError
from boardhand_runner.models import tls
from boardhand_runner.settings import Settings
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.mcp import text_of
from boardhand_runner.tools.mcp_transport import SAID_CHARACTERS, http, secret_values, stdio
from boardhand_runner.transcript import secrets_below

START_SECONDS = 60.0
RESTARTS = 1
PAGES = 20
"""So many pages of tools are asked for."""
_PATH = "/usr/local/bin:/usr/bin:/bin"


class Transport:
    """How to reach a server; each session asks anew. `said` is the end of what it last wrote to standard error."""

    def __init__(self, settings: Settings, server: McpServer) -> None:
        """Raises Configuration for a Secret that cannot be used."""
        folder = settings.secrets / f"{MCP_SECRET_PREFIX}{server.name}"
        self._server = server
        self._secret = secret_values(folder, headers=server.url is not None)
        self._known = Redaction()
        self._known.know(secrets_below(folder))
        self._home = settings.home
        self.said: deque[str] = deque(maxlen=SAID_CHARACTERS)

    def open(self) -> AbstractAsyncContextManager[TransportStreams]:
        """A session's streams."""
        self.said.clear()
        if self._server.url:
            return http(self._server.url, self._secret, tls(), self._server.call_timeout_seconds)
        # Outside the work tree, so that nothing planted there is taken for a part of the server.
        home = Path(tempfile.mkdtemp(prefix=f"mcp-{self._server.name}-", dir=self._home))
        environment = {"PATH": os.environ.get("PATH", _PATH), "HOME": str(home), "LANG": "C.UTF-8"}
        return stdio(self._server.command, environment | self._server.env | self._secret, home, self.said)

    def clean(self, text: str) -> str:
        """The text without the Secret's values."""
        return self._known.clean(text)


class Held:
    """One session with a server, held by a task of its own; begun anew where it ends, RESTARTS times in all."""

    def __init__(self, server: McpServer, transport: Transport) -> None:
        self.server = server
        self._transport = transport
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._restarts = RESTARTS

    async def start(self) -> list[Tool]:
        """The allowed tools. Raises Configuration."""
        if problem := await self._connect():
            raise Configuration("McpServerFailed", f"MCP server {self.server.name} {problem}")
        try:
            async with asyncio.timeout(START_SECONDS):
                listed = await self._listed()
        except (MCPError, RuntimeError, ValueError, TimeoutError) as error:
            told = self._told(error)
            raise Configuration("McpServerFailed", f"MCP server {self.server.name} lists no tools: {told}") from error
        missing = sorted(set(self.server.tools) - set(listed))
        if missing:
            raise Configuration(
                "McpToolMissing",
                f"MCP server {self.server.name} has no {', '.join(missing)}; it has"
                f" {bounded(', '.join(sorted(listed)), 400)}. Mend spec.mcpServers.",
            )
        return [listed[name] for name in self.server.tools]

    async def stop(self) -> str:
        """End the session, and with it the server that was started for it; why it had ended by itself, if it had."""
        self._leave.set()
        if self._task is None:
            return ""
        if self._client is None:
            self._task.cancel()
        await asyncio.wait({self._task})
        error = None if self._task.cancelled() else self._task.exception()
        return self._told(error) if error else ""

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """What the tool answers. Raises ToolError, and Infrastructure where the server ended for good."""
        assert self._client is not None
        seconds = self.server.call_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                result = await self._client.call_tool(tool, arguments)
        except TimeoutError:
            raise ToolError(f"{tool} of {self.server.name} was given up after {seconds} s.") from None
        except (MCPError, RuntimeError, ValueError) as error:
            if not await self._gone(error):
                raise ToolError(self._told(error)) from error
            await self._restart(tool)
            raise ToolError(
                f"MCP server {self.server.name} ended during {tool}; it was started again. Whether the call did"
                " anything is not known."
            ) from error
        text = text_of(result)
        if result.is_error:
            raise ToolError(bounded(text))
        return text

    async def _listed(self) -> dict[str, Tool]:
        assert self._client is not None
        found: dict[str, Tool] = {}
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self._client.list_tools(cursor=cursor)
            found |= {tool.name: tool for tool in page.tools}
            cursor = page.next_cursor
            if not cursor:
                break
        return found

    async def _connect(self) -> str:
        """Begin a session; what is wrong where there is none."""
        self._client = None
        ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._hold(ready, self._leave))
        waiting: set[asyncio.Future[Any]] = {self._task, ready}
        await asyncio.wait(waiting, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            self._client = ready.result()
            return ""
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
            return f"did not answer within {START_SECONDS:g} s."
        error = None if self._task.cancelled() else self._task.exception()
        if isinstance(error, RunnerError):
            raise error
        said = " ".join("".join(self._transport.said).split())
        return f"did not start: {self._told(error)}{f' It said: {self._transport.clean(said)}' if said else ''}"

    async def _hold(self, ready: asyncio.Future[Client], leave: asyncio.Event) -> None:
        async with Client(cast(Any, self._transport.open()), read_timeout_seconds=START_SECONDS) as client:
            ready.set_result(client)
            await leave.wait()

    async def _gone(self, error: Exception) -> bool:
        """Whether the session is over. The task that holds it may learn that a moment after the call."""
        assert self._task is not None
        lost = isinstance(error, MCPError) and error.code == CONNECTION_CLOSED
        return lost or self._task.done()

    async def _restart(self, tool: str) -> None:
        why = await self.stop()
        problem = await self._connect() if self._restarts else f"ended once more. {why}"
        self._restarts -= 1
        if problem:
            raise Infrastructure("McpServerLost", f"During {tool}, MCP server {self.server.name} {problem.strip()}")

    def _told(self, error: BaseException | None) -> str:
        """The error in one bounded line; of a group the first."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        text = " ".join(str(error).split()) or type(error).__name__
        return bounded(self._transport.clean(text), SAID_CHARACTERS)

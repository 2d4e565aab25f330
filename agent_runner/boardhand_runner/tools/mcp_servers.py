"""The tools of the MCP servers that the pool lists: only those it allows, and bounded, since all they say is data."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from mcp.types import Tool

from boardhand_api.mcp_servers import McpServer
from boardhand_runner.errors import Configuration
from boardhand_runner.settings import Settings
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.mcp_session import Held, Transport
from boardhand_runner.tools.mcp_transport import silence

DESCRIPTION_CHARACTERS, SCHEMA_CHARACTERS = 600, 6_000
_NAME_CHARACTERS = 64
"""What providers take as a tool's name."""
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")
_PROPERTY = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


@asynccontextmanager
async def pool_tools(settings: Settings, servers: Sequence[McpServer]) -> AsyncIterator[dict[str, list[BaseTool]]]:
    """The tools of these servers by specialist; every server lives until this is left.

    Raises Configuration (McpServerFailed, McpToolMissing, McpToolUnfit, McpSecretWrong) with the server's name.
    """
    silence()
    async with AsyncExitStack() as stack:
        held = [Held(server, Transport(settings, server)) for server in servers]
        for one in held:
            stack.push_async_callback(one.stop)
        by_specialist: dict[str, list[BaseTool]] = {}
        for one, tools in zip(held, await asyncio.gather(*(one.start() for one in held)), strict=True):
            offered = [adapted(one, tool) for tool in tools]
            for specialist in one.server.serves():
                by_specialist.setdefault(specialist.value, []).extend(offered)
        yield by_specialist


def adapted(held: Held, tool: Tool) -> BaseTool:
    """The tool as the model is told of it, under its server's name. Raises Configuration (McpToolUnfit)."""

    async def call(**arguments: Any) -> str:
        return await held.call(tool.name, arguments)

    return DirectTool(
        name=_UNFIT.sub("_", f"{held.server.name}_{tool.name}")[:_NAME_CHARACTERS],
        description=bounded(tool.description or tool.name, DESCRIPTION_CHARACTERS),
        args_schema=fitting(held.server.name, tool),
        coroutine=call,
    )


class DirectTool(StructuredTool):
    """Takes the call's arguments as they are: a server may name one `config` or `callbacks`, as LangChain does."""

    async def ainvoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:  # noqa: ARG002
        assert self.coroutine is not None
        return await self.coroutine(**input)


def fitting(server: str, tool: Tool) -> dict[str, Any]:
    """The tool's schema, where a provider will take it. Raises Configuration (McpToolUnfit)."""
    schema: Mapping[str, Any] = tool.input_schema
    properties = schema.get("properties", {})
    problem = ""
    if schema.get("type") != "object" or not isinstance(properties, dict):
        problem = "its arguments are no object"
    elif not all(_PROPERTY.match(name) and isinstance(about, dict) for name, about in properties.items()):
        problem = "it has an argument that no provider takes"
    elif len(json.dumps(schema)) > SCHEMA_CHARACTERS:
        problem = f"its schema is longer than {SCHEMA_CHARACTERS} characters"
    if problem:
        raise Configuration(
            "McpToolUnfit",
            f"Tool {tool.name} of MCP server {server} cannot be offered: {problem}. Take it out of spec.mcpServers.",
        )
    return {**schema, "properties": properties}

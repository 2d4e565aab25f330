"""Tools of an MCP server as LangChain tools: our own small adapter, since the usual one stops before `mcp` 2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from mcp import MCPError, StdioServerParameters
from mcp.client import Client
from mcp.types import CONNECTION_CLOSED, CallToolResult, TextContent, Tool

from boardhand_runner.errors import Infrastructure, ToolError

CALL_SECONDS = 60.0


@asynccontextmanager
async def session(server: StdioServerParameters) -> AsyncIterator[Client]:
    """One session with a server of our own starting, held until left. Raises Infrastructure where it does not start."""
    client = Client(server, read_timeout_seconds=CALL_SECONDS)
    try:
        await client.__aenter__()
    except (OSError, MCPError, ExceptionGroup) as error:
        if isinstance(error, ExceptionGroup) and error.split((OSError, MCPError))[1] is not None:
            raise
        raise Infrastructure("McpServerFailed", f"{server.command} did not start as an MCP server: {error}") from error
    try:
        yield client
    finally:
        await client.__aexit__(None, None, None)


async def tools(
    client: Client,
    names: Collection[str],
    fixed: Mapping[str, Any],
    defaults: Mapping[str, Mapping[str, Any]],
) -> list[BaseTool]:
    """The server's tools of these names.

    `fixed` arguments are filled in and not shown to the model; `defaults`, by tool, are filled in where it gives none.
    Raises Infrastructure where the server lacks one of the names.
    """
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    missing = sorted(set(names) - set(listed))
    if missing:
        raise Infrastructure("McpToolMissing", f"The MCP server has no {', '.join(missing)}; it has {sorted(listed)}.")
    return [_adapted(client, listed[name], fixed, defaults.get(name, {})) for name in names]


def _adapted(client: Client, tool: Tool, fixed: Mapping[str, Any], defaults: Mapping[str, Any]) -> BaseTool:
    async def call(**arguments: Any) -> str:
        return await _called(client, tool.name, {**defaults, **arguments, **fixed})

    return StructuredTool(
        name=tool.name,
        description=tool.description or tool.name,
        args_schema=schema_for_model(tool.input_schema, fixed, defaults),
        coroutine=call,
    )


def schema_for_model(
    schema: Mapping[str, Any], fixed: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The tool's JSON schema without its fixed arguments, and with the defaults said and not required."""
    properties = {name: dict(about) for name, about in schema.get("properties", {}).items() if name not in fixed}
    for name, value in defaults.items():
        properties[name]["default"] = value
    required = [name for name in schema.get("required", []) if name in properties and name not in defaults]
    return {**schema, "properties": properties, "required": required}


async def _called(client: Client, name: str, arguments: dict[str, Any]) -> str:
    try:
        result = await client.call_tool(name, arguments)
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            raise Infrastructure("McpServerLost", f"The MCP server ended during {name}: {error}") from error
        raise ToolError(str(error)) from error
    text = text_of(result)
    if result.is_error:
        raise ToolError(text)
    return text


def text_of(result: CallToolResult) -> str:
    """The result's text; other content is named, not shown."""
    parts = [part.text if isinstance(part, TextContent) else f"[{part.type}]" for part in result.content]
    return "\n".join(parts) or "(nothing)"

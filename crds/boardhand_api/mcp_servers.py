"""The part of a pool that says which further tools its agents have: servers of the Model Context Protocol."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from boardhand_api.base import NonEmpty, SecretRef, Url, Wire, rules
from boardhand_api.sealed import Sealed, check_source, one_source

ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,64}$")]


class Specialist(StrEnum):
    """Who works a ticket."""

    CODER = "coder"
    BUGFIXER = "bugfixer"
    ANALYST = "analyst"


class McpServer(Wire):
    """A server of the Model Context Protocol whose tools the model is given."""

    model_config = {
        "json_schema_extra": rules(
            ("has(self.url) != (self.command.size() > 0)", "an MCP server has either command or url"),
            ("!has(self.url) || self.env.size() == 0", "env is for command; headers of url come from secretRef"),
            (
                "self.readOnly || !self.specialists.exists(one, one == 'analyst')",
                "the analyst changes nothing: it gets only servers with readOnly: true",
            ),
            one_source("secretRef", "sealed", required=False),
        )
    }

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=20)]
    """Its tools are called NAME_TOOL."""
    command: Annotated[list[NonEmpty], Field(max_length=50)] = []
    """Program and arguments of a server on standard input and output, from the runner's image. It runs in the agent's
    container, as its user, and can read whatever that stage can: prefer url."""
    url: Url | None = None
    """Address of a server that speaks streamable HTTP."""
    env: Annotated[dict[str, str], Field(max_length=50)] = {}
    """Environment of command, beside PATH, HOME and LANG: nothing else is there. Never a secret."""
    secret_ref: SecretRef | None = None
    """Each key becomes an environment variable of command, or a header towards url (such as Authorization)."""
    sealed: Sealed | None = None
    """The same keys, sealed with `boardhand seal --field mcpServers.NAME.KEY`, in place of secretRef."""
    tools: Annotated[list[ToolName], Field(min_length=1, max_length=40)]
    """The tools the model is told of, as the server names them; it never sees others."""
    read_only: bool = False
    """You know that these tools change nothing anywhere; then the analyst has them, too."""
    specialists: Annotated[list[Specialist], Field(max_length=3)] = []
    """Who has the tools; empty: coder and bugfixer, and with readOnly the analyst."""
    call_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    """A call is given up after so many seconds."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        check_source(("secretRef", self.secret_ref), ("sealed", self.sealed), required=False)
        return self

    def serves(self) -> frozenset[Specialist]:
        """Who has the tools."""
        if self.specialists:
            return frozenset(self.specialists)
        return frozenset(Specialist) if self.read_only else frozenset(Specialist) - {Specialist.ANALYST}

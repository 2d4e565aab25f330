"""The shape a chat completion request must have before it is answered; what OpenAI would refuse is refused."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class Malformed(Exception):
    """The request cannot be answered; `param` names the part that is wrong."""

    def __init__(self, text: str, param: str | None) -> None:
        super().__init__(text)
        self.param = param


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Part(_Open):
    type: str
    text: str = ""


class _CalledFunction(_Open):
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")


class _Called(_Open):
    id: str
    function: _CalledFunction | None = None


class _Message(_Open):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None
    tool_calls: list[_Called] | None = None
    tool_call_id: str | None = None


class _Function(_Open):
    name: str


class _Tool(_Open):
    type: str
    function: _Function | None = None

    @model_validator(mode="after")
    def _whole(self) -> _Tool:
        if self.type == "function" and self.function is None:
            raise ValueError("a function is missing")
        return self


class _Schema(_Open):
    name: str


class _Format(_Open):
    type: str
    json_schema: _Schema | None = None

    @model_validator(mode="after")
    def _whole(self) -> _Format:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("a json_schema is missing")
        return self


class _Request(_Open):
    model: str = Field(min_length=1)
    messages: list[_Message] = Field(min_length=1)
    tools: list[_Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | _Tool | None = None
    response_format: _Format | None = None
    stream: bool | None = None


def checked(body: bytes) -> dict[str, Any]:
    """The request as plain data. Raises Malformed naming the first part that is wrong or missing."""
    try:
        request = _Request.model_validate_json(body)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        raise Malformed(f"{first['msg']}: {param or 'the body'}", param) from wrong
    _answered(request)
    return request.model_dump(exclude_unset=True)


def _answered(request: _Request) -> None:
    """Every tool call has its tool message right after it, as OpenAI demands."""
    open_calls: set[str] = set()
    for index, message in enumerate(request.messages):
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                raise Malformed("a tool message answers no tool call before it", f"messages.{index}")
            open_calls.remove(message.tool_call_id)
            continue
        if open_calls:
            raise Malformed(f"no tool message answers the calls {sorted(open_calls)}", f"messages.{index}")
        if message.role == "assistant":
            open_calls = {call.id for call in message.tool_calls or ()}
    if open_calls:
        raise Malformed(f"no tool message answers the calls {sorted(open_calls)}", "messages")

"""How a model is offered tools: natively, or as text by a thin wrapper that renders them in and reads the calls out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ValidationError

from boardhand_api.model import CallFormat
from boardhand_runner.models import Mind
from boardhand_runner.models.text_calls import END, Schemas, functions, read, schemas, write
from boardhand_runner.prompts import rules

CUT_OFF = frozenset({"length", "model_length", "max_tokens", "model_context_window_exceeded"})


def with_tools(mind: Mind, tools: Sequence[BaseTool]) -> Runnable[Any, Any]:
    """The model with these tools on offer; its answer is an AIMessage with `tool_calls`."""
    if mind.abilities.calls is CallFormat.TEXT:
        return _text(mind, tools, forced="")
    return mind.chat.bind_tools(tools, **mind.options) | RunnableLambda(_plain)


def forcing(mind: Mind, schema: type[BaseModel]) -> Runnable[Any, Any]:
    """The model held to one call of the function `schema`: a dict with raw, parsed and parsing_error."""
    if mind.abilities.calls is CallFormat.TEXT:
        return _text(mind, [schema], forced=schema.__name__) | RunnableLambda(partial(_parsed, schema))
    return mind.chat.with_structured_output(schema, method="function_calling", include_raw=True)


def _plain(answer: AIMessage) -> AIMessage:
    """The answer with its end told in one word: providers write `max_tokens` in three ways and two places."""
    about = answer.response_metadata
    reason = about.get("finish_reason") or about.get("stop_reason")
    if str(reason).lower() not in CUT_OFF:
        return answer
    return answer.model_copy(update={"response_metadata": {**about, "finish_reason": "length"}})


def _text(mind: Mind, tools: Sequence[BaseTool | type[BaseModel]], forced: str) -> Runnable[Any, Any]:
    described = functions(tools)
    told = rules("text_calls", tools=described, forced=forced)
    one = not mind.abilities.parallel_calls
    # What would follow the block is made up: the model cannot know the call's result yet.
    chat = mind.chat.bind(stop=[f"\n{END}"]) if one else mind.chat
    said = RunnableLambda(partial(_as_text, told))
    return said | chat | RunnableLambda(partial(_from_text, schemas(described), one))


def _as_text(told: str, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The conversation for a model that knows only system, user and assistant, which take turns."""
    said: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            said.append(SystemMessage(f"{message.text}\n\n{told}"))
        elif isinstance(message, AIMessage):
            blocks = [write(call["name"], call["args"]) for call in message.tool_calls]
            said.append(AIMessage("\n\n".join(part for part in (message.text.strip(), *blocks) if part)))
        else:
            text = f"Result of {message.name}:\n{message.text}" if isinstance(message, ToolMessage) else message.text
            before = said[-1] if said else None
            if isinstance(before, HumanMessage):
                said[-1] = HumanMessage(f"{before.text}\n\n{text}")
            else:
                said.append(HumanMessage(text))
    return said


def _from_text(tools: Schemas, one: bool, answer: AIMessage) -> AIMessage:
    written = read(answer.text, tools, only_first=one)
    calls = {"tool_calls": written.calls, "invalid_tool_calls": written.broken}
    return _plain(answer.model_copy(update={"content": written.text, **calls}))


def _parsed(schema: type[BaseModel], raw: AIMessage) -> dict[str, Any]:
    """As `with_structured_output` answers with `include_raw`."""
    calls = [call for call in raw.tool_calls if call["name"] == schema.__name__]
    if not calls:
        return {"raw": raw, "parsed": None, "parsing_error": None}
    try:
        return {"raw": raw, "parsed": schema(**calls[0]["args"]), "parsing_error": None}
    except ValidationError as error:
        return {"raw": raw, "parsed": None, "parsing_error": error}

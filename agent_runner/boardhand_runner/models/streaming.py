"""Answers as streams, gathered here: what a stream leaves unfinished is never taken for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, InvalidToolCall, ToolCall, ToolCallChunk
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from boardhand_runner.models.arguments import loads
from boardhand_runner.models.trouble import BrokenOff

T = TypeVar("T")
ENDS = ("finish_reason", "stop_reason", "status")
"""Where a piece says that, and why, the answer ends: OpenAI, Mistral and Google; Anthropic; OpenAI's Responses API."""

_NOTHING = "nothing of an answer is in the stream; where the server cannot stream, set streaming: false in its profile"


class Streamed(BaseChatModel):
    """A chat model that asks for its answer in pieces, which its callbacks see, and hands it over when it is whole.

    LangChain's own switch (`streaming`) is not used: it takes whatever came for the answer, and completes the JSON of
    a tool call that was cut off.
    """

    in_pieces: bool = True
    """Whether it asks for a stream."""
    wait_seconds: float | None = None
    """How long the next piece, or the whole answer, is waited for. The HTTP client's own limit is met by a server that
    sends comments meanwhile."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if not self.in_pieces:
            return await self._waited(super()._agenerate(messages, stop, run_manager, **kwargs))
        pieces: list[ChatGenerationChunk] = []
        stream = cast(AsyncGenerator[ChatGenerationChunk, None], self._astream(messages, stop, **kwargs))
        # Closed at once where a limit ends it: the server shall not write on for nobody.
        async with aclosing(stream):
            while (piece := await self._waited(anext(stream, None))) is not None:
                pieces.append(piece)
                if run_manager:
                    await run_manager.on_llm_new_token(piece.text, chunk=piece)
        return ChatResult(generations=[ChatGeneration(message=whole(pieces))])

    async def _waited(self, coming: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self.wait_seconds):
                return await coming
        except TimeoutError as late:
            raise BrokenOff(f"nothing of the answer came for {self.wait_seconds:g} s") from late


def whole(pieces: Sequence[ChatGenerationChunk]) -> AIMessage:
    """The answer that the pieces add up to.

    Raises BrokenOff where none of them says why the answer ends, and ValueError where there is none.
    """
    if not pieces:
        raise ValueError(_NOTHING)
    added = pieces[0] + list(pieces[1:])
    message = added.message
    assert isinstance(message, AIMessageChunk)
    ends = {key: told[key] for piece in pieces for key in ENDS if (told := _about(piece)).get(key)}
    if not ends:
        begun = message.content or message.tool_call_chunks or message.usage_metadata
        raise BrokenOff("the stream ended in the middle of the answer") if begun else ValueError(_NOTHING)
    calls, broken = _calls(_joined(pieces))
    return AIMessage(
        content=message.content,
        additional_kwargs=message.additional_kwargs,
        response_metadata=_about(added) | ends,
        tool_calls=calls,
        invalid_tool_calls=broken,
        usage_metadata=message.usage_metadata,
        id=message.id,
    )


def _about(piece: ChatGenerationChunk) -> dict[str, Any]:
    return (piece.generation_info or {}) | piece.message.response_metadata


def _joined(pieces: Sequence[ChatGenerationChunk]) -> list[ToolCallChunk]:
    """Each call as one, its arguments put together.

    Not every server counts its calls: some give all of them one index, or none, and some say id and name with every
    piece.
    """
    calls: list[ToolCallChunk] = []
    latest: dict[Any, ToolCallChunk] = {}
    for piece in pieces:
        assert isinstance(piece.message, AIMessageChunk)
        for part in piece.message.tool_call_chunks:
            call = latest.get(part["index"])
            if call is None or _begins(part, call):
                latest[part["index"]] = call = part.copy()
                calls.append(call)
                continue
            if part["name"] != call["name"]:
                call["name"] = (call["name"] or "") + (part["name"] or "") or None
            call["id"] = call["id"] or part["id"]
            call["args"] = (call["args"] or "") + (part["args"] or "")
    return calls


def _begins(part: ToolCallChunk, call: ToolCallChunk) -> bool:
    """Whether it is another call's first piece, and none of this one's that has the same index."""
    if part["id"] and call["id"]:
        return part["id"] != call["id"]
    return part["index"] is None and bool(part["name"])


def _calls(written: Sequence[ToolCallChunk]) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """The calls whose arguments are one JSON object, and the others."""
    calls: list[ToolCall] = []
    broken: list[InvalidToolCall] = []
    for each in written:
        try:
            arguments = loads(each["args"] or "{}")
            problem = "" if isinstance(arguments, dict) else "no JSON object"
        except ValueError as wrong:
            problem = str(wrong)
        if problem:
            broken.append(invalid_tool_call(name=each["name"], args=each["args"], id=each["id"], error=problem))
        else:
            calls.append(tool_call(name=each["name"] or "", args=arguments, id=each["id"]))
    return calls, broken

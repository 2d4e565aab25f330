"""OpenAI, and every server that speaks its chat completions."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, subtract_usage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient, OpenAIError, Timeout
from pydantic import SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities
from boardhand_runner.models.streaming import Streamed

ERRORS = (OpenAIError, httpx2.HTTPError)
"""The library lets through what its HTTP client raises while it reads an error's body."""


class _Chat(Streamed, ChatOpenAI):
    """Two things that the libraries below do otherwise."""

    def _get_request_payload(self, *args: Any, **more: Any) -> dict[str, Any]:
        """The request, its messages past the client's walk through each of them for fields to rename.

        There are none, and for sixty messages that takes 15 ms. What stands in `extra_body` is sent as it is.
        """
        payload: dict[str, Any] = super()._get_request_payload(*args, **more)
        if "messages" not in payload:  # OpenAI's Responses API
            return payload
        beside = {**(payload.get("extra_body") or {}), "messages": payload["messages"]}
        return {**payload, "messages": [], "extra_body": beside}

    async def _astream(self, *args: Any, **more: Any) -> AsyncIterator[ChatGenerationChunk]:
        """Some servers tell with every piece what was used so far; the library would add these figures up."""
        known: UsageMetadata | None = None
        async for piece in super()._astream(*args, **more):
            message = piece.message
            if isinstance(message, AIMessageChunk) and message.usage_metadata:
                message.usage_metadata, known = subtract_usage(message.usage_metadata, known), message.usage_metadata
            yield piece


def build(
    model: PlainModel, abilities: Abilities, key: str, tls: ssl.SSLContext, *, answer: float, connect: float
) -> BaseChatModel:
    """The client; `answer` and `connect` are time limits in seconds.

    Servers behind an address of their own get chat completions only: few of them have the newer Responses API.
    """
    client = DefaultAsyncHttpxClient(verify=tls, timeout=Timeout(answer, connect=connect))
    return _Chat(
        model=model.name,
        api_key=SecretStr(key),
        base_url=model.base_url,
        http_async_client=client,
        timeout=Timeout(answer, connect=connect),
        max_retries=0,
        max_completion_tokens=abilities.answer_tokens,
        use_responses_api=False if model.base_url else None,
        in_pieces=abilities.streaming,
        wait_seconds=answer,
        stream_usage=True,
        # The client's own limit holds between two pieces.
        stream_chunk_timeout=None,
    )


def options(abilities: Abilities) -> dict[str, Any]:
    """Said only where it differs from the default: not every server knows the field."""
    return {} if abilities.parallel_calls else {"parallel_tool_calls": False}

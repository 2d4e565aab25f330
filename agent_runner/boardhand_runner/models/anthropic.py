"""Anthropic's Messages API."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import cached_property
from typing import Any

import httpx2
from anthropic import AnthropicError, AsyncAnthropic, DefaultAsyncHttpxClient, Timeout
from anthropic.types import RawMessageStreamEvent
from langchain_anthropic import ChatAnthropic
from langchain_anthropic.chat_models import _create_usage_metadata
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr, SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities
from boardhand_runner.models.streaming import Streamed

ERRORS = (AnthropicError, httpx2.HTTPError, ssl.SSLError)
"""The library lets through what its HTTP client raises in the middle of a stream."""
ADDRESS = "https://api.anthropic.com"


class _Chat(Streamed, ChatAnthropic):
    """With an HTTP client of ours: its own has one time limit for all, and no way to say what is trusted.

    A stream says at its beginning what the prompt used, and at its end it may say so again. The library reads only
    the end.
    """

    _http: DefaultAsyncHttpxClient = PrivateAttr()

    @cached_property
    def _async_client(self) -> AsyncAnthropic:
        return AsyncAnthropic(**self._client_params, http_client=self._http)

    def _make_message_chunk_from_anthropic_event(
        self, event: RawMessageStreamEvent, **more: Any
    ) -> tuple[AIMessageChunk | None, RawMessageStreamEvent | None]:
        message, block = super()._make_message_chunk_from_anthropic_event(event, **more)
        if message and event.type == "message_start":
            message.usage_metadata = _create_usage_metadata(event.message.usage)
        return message, block

    async def _astream(self, *args: Any, **more: Any) -> AsyncIterator[ChatGenerationChunk]:
        begun: UsageMetadata | None = None
        async for piece in super()._astream(*args, **more):
            message = piece.message
            assert isinstance(message, AIMessageChunk)
            used = message.usage_metadata
            if used and begun is None:
                begun, message.usage_metadata = used, None
            elif used and begun and not used["input_tokens"]:
                message.usage_metadata = {**begun, "output_tokens": used["output_tokens"]}
            yield piece


def build(
    model: PlainModel, abilities: Abilities, key: str, tls: ssl.SSLContext, *, answer: float, connect: float
) -> BaseChatModel:
    """The client; `answer` and `connect` are time limits in seconds. The library adds the version to the address."""
    # By its name, not its alias: only then the library fills in the model's own bound where there is none of ours.
    length: dict[str, Any] = {"max_tokens": abilities.answer_tokens}
    chat = _Chat(
        model_name=model.name,
        api_key=SecretStr(key),
        base_url=(model.base_url or ADDRESS).rstrip("/").removesuffix("/v1"),
        max_retries=0,
        timeout=None,
        stop=None,
        in_pieces=abilities.streaming,
        wait_seconds=answer,
        **length,
    )
    limits = Timeout(answer, connect=connect)
    chat._client_params["timeout"] = limits
    chat._http = DefaultAsyncHttpxClient(verify=tls, timeout=limits)
    return chat


def options(abilities: Abilities) -> dict[str, Any]:
    """With caching the provider marks the end of each prompt itself, so that the next one finds its beginning there."""
    said: dict[str, Any] = {} if abilities.parallel_calls else {"parallel_tool_calls": False}
    return said | ({"cache_control": {"type": "ephemeral"}} if abilities.prompt_caching else {})

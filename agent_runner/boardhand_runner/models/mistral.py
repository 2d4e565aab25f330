"""Mistral's own API."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
from httpx_sse import SSEError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_mistralai import ChatMistralAI
from langchain_mistralai.chat_models import _convert_chunk_to_message_chunk, acompletion_with_retry
from pydantic import SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities
from boardhand_runner.models.streaming import Streamed

ERRORS = (httpx.HTTPError,)
ADDRESS = "https://api.mistral.ai/v1"


class _Chat(Streamed, ChatMistralAI):  # type: ignore[misc]  # its `stream` argument is never given
    """Keeps a stream's raw usage figures: the library drops the tokens read from the cache."""

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        said, params = self._create_message_dicts(messages, stop)
        asked = {**params, **kwargs, "stream": True}
        index, kind = -1, ""
        chunks = await acompletion_with_retry(self, messages=said, run_manager=run_manager, **asked)
        try:
            async for chunk in chunks:
                if chunk["choices"]:
                    made = _convert_chunk_to_message_chunk(chunk, AIMessageChunk, index, kind, self.output_version)
                    message, index, kind = made
                    message.response_metadata["token_usage"] = chunk.get("usage") or {}
                    yield ChatGenerationChunk(message=message)
        except SSEError as wrong:
            raise ValueError(str(wrong)) from wrong


def build(
    model: PlainModel, abilities: Abilities, key: str, tls: ssl.SSLContext, *, answer: float, connect: float
) -> BaseChatModel:
    """The client; `answer` and `connect` are time limits in seconds.

    It gets an HTTP client of ours because its own trusts a fixed bundle, whatever SSL_CERT_FILE says.
    """
    address = model.base_url or ADDRESS
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    timeout = httpx.Timeout(answer, connect=connect)
    client = httpx.AsyncClient(base_url=address, headers=headers, timeout=timeout, verify=tls)
    return _Chat(
        model_name=model.name,
        api_key=SecretStr(key),
        base_url=address,
        async_client=client,
        max_retries=1,
        max_tokens=abilities.answer_tokens,
        in_pieces=abilities.streaming,
        wait_seconds=answer,
    )


def options(abilities: Abilities) -> dict[str, Any]:
    """Said only where it differs from the default."""
    return {} if abilities.parallel_calls else {"parallel_tool_calls": False}

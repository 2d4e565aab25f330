"""Google's Gemini API."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
from google.genai import Client
from google.genai.errors import APIError
from google.genai.types import HttpOptions
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError
from pydantic import PrivateAttr, SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities
from boardhand_runner.models.streaming import Streamed

ERRORS = (APIError, ChatGoogleGenerativeAIError, httpx.HTTPError)
ADDRESS = "https://generativelanguage.googleapis.com/v1beta"
_VERSIONED = re.compile(r"(?P<base>.+?)/(?P<version>v\d\w*)/?$")


class _Http(httpx.AsyncClient):
    """Keeps its own time limits: the library sets none, or one for all, with each request."""

    answer: httpx.Response | None = None
    """The last one."""

    def build_request(self, *args: Any, timeout: Any = None, **more: Any) -> httpx.Request:  # noqa: ARG002
        return super().build_request(*args, **more)

    async def send(self, *args: Any, **more: Any) -> httpx.Response:
        self.answer = await super().send(*args, **more)
        return self.answer


class _Chat(Streamed, ChatGoogleGenerativeAI):
    """Its library takes an answer that holds nothing, of whatever server, for an empty message."""

    _http: _Http = PrivateAttr()

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        result = await super()._agenerate(messages, stop, run_manager, **kwargs)
        message = result.generations[0].message
        if not message.content and isinstance(message, AIMessage) and message.usage_metadata is None:
            raise ValueError("the answer has neither candidates nor usageMetadata")
        return result

    async def _astream(self, *args: Any, **more: Any) -> AsyncIterator[ChatGenerationChunk]:
        try:
            async for piece in super()._astream(*args, **more):
                blocked = (piece.message.response_metadata.get("prompt_feedback") or {}).get("block_reason")
                if blocked:
                    # A prompt that is not let through has no answer that could end.
                    piece.generation_info = {"finish_reason": str(blocked)}
                yield piece
        finally:
            # The library's objects refer to each other, so the connection would stay until garbage is collected.
            if self._http.answer:
                await self._http.answer.aclose()


def build(
    model: PlainModel, abilities: Abilities, key: str, tls: ssl.SSLContext, *, answer: float, connect: float
) -> BaseChatModel:
    """The client; `answer` and `connect` are time limits in seconds.

    It gets an HTTP client of ours because its own takes no limit for connecting.
    """
    address = model.base_url or ADDRESS
    found = _VERSIONED.match(address)
    base, version = (found["base"], found["version"]) if found else (address, "v1beta")
    client = _Http(timeout=httpx.Timeout(answer, connect=connect), verify=tls)
    http = HttpOptions(base_url=base, api_version=version, httpx_async_client=client)
    said: dict[str, Any] = {"model": model.name, "api_key": SecretStr(key), "base_url": base, "max_retries": 1}
    said |= {"max_tokens": abilities.answer_tokens, "in_pieces": abilities.streaming, "wait_seconds": answer}
    chat = _Chat(**said)
    chat._http = client
    chat.client = Client(api_key=key, http_options=http)
    return chat


def options(abilities: Abilities) -> dict[str, Any]:  # noqa: ARG001 - every provider has this function
    """The API has no field for parallel calls, and caches by itself."""
    return {}

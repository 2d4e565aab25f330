"""Google's Gemini API."""

from __future__ import annotations

import re
import ssl
from typing import Any

import httpx
from google.genai import Client
from google.genai.errors import APIError
from google.genai.types import HttpOptions
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatResult
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError
from pydantic import SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities

ERRORS = (APIError, ChatGoogleGenerativeAIError, httpx.HTTPError)
ADDRESS = "https://generativelanguage.googleapis.com/v1beta"
_VERSIONED = re.compile(r"(?P<base>.+?)/(?P<version>v\d\w*)/?$")


class _Http(httpx.AsyncClient):
    """Keeps its own time limits: the library sets none, or one for all, with each request."""

    def build_request(self, *args: Any, timeout: Any = None, **more: Any) -> httpx.Request:  # noqa: ARG002
        return super().build_request(*args, **more)


class _Chat(ChatGoogleGenerativeAI):
    """Its library takes an answer that holds nothing, of whatever server, for an empty message."""

    async def _agenerate(self, *args: Any, **more: Any) -> ChatResult:
        result = await super()._agenerate(*args, **more)
        message = result.generations[0].message
        if not message.content and isinstance(message, AIMessage) and message.usage_metadata is None:
            raise ValueError("the answer has neither candidates nor usageMetadata")
        return result


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
    said["max_tokens"] = abilities.answer_tokens
    chat = _Chat(**said)
    chat.client = Client(api_key=key, http_options=http)
    return chat


def options(abilities: Abilities) -> dict[str, Any]:  # noqa: ARG001 - every provider has this function
    """The API has no field for parallel calls, and caches by itself."""
    return {}

"""Anthropic's Messages API."""

from __future__ import annotations

import ssl
from functools import cached_property
from typing import Any

from anthropic import AnthropicError, AsyncAnthropic, DefaultAsyncHttpxClient, Timeout
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from pydantic import PrivateAttr, SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities

ERRORS = (AnthropicError,)
ADDRESS = "https://api.anthropic.com"


class _Chat(ChatAnthropic):
    """With an HTTP client of ours: its own has one time limit for all, and no way to say what is trusted."""

    _http: DefaultAsyncHttpxClient = PrivateAttr()

    @cached_property
    def _async_client(self) -> AsyncAnthropic:
        return AsyncAnthropic(**self._client_params, http_client=self._http)


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

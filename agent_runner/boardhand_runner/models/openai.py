"""OpenAI, and every server that speaks its chat completions."""

from __future__ import annotations

import ssl
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient, OpenAIError, Timeout
from pydantic import SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities

ERRORS = (OpenAIError,)


def build(
    model: PlainModel, abilities: Abilities, key: str, tls: ssl.SSLContext, *, answer: float, connect: float
) -> BaseChatModel:
    """The client; `answer` and `connect` are time limits in seconds.

    Servers behind an address of their own get chat completions only: few of them have the newer Responses API.
    """
    client = DefaultAsyncHttpxClient(verify=tls, timeout=Timeout(answer, connect=connect))
    return ChatOpenAI(
        model=model.name,
        api_key=SecretStr(key),
        base_url=model.base_url,
        http_async_client=client,
        timeout=Timeout(answer, connect=connect),
        max_retries=0,
        max_completion_tokens=abilities.answer_tokens,
        use_responses_api=False if model.base_url else None,
    )


def options(abilities: Abilities) -> dict[str, Any]:
    """Said only where it differs from the default: not every server knows the field."""
    return {} if abilities.parallel_calls else {"parallel_tool_calls": False}

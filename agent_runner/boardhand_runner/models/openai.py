"""OpenAI, and every server that speaks its chat completions."""

from __future__ import annotations

import ssl

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient, OpenAIError, Timeout
from pydantic import SecretStr

from boardhand_api.pool import Model

ERRORS = (OpenAIError,)


def build(model: Model, key: str, tls: ssl.SSLContext, *, answer: float, connect: float) -> BaseChatModel:
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
        use_responses_api=False if model.base_url else None,
    )

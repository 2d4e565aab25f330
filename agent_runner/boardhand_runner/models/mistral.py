"""Mistral's own API."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_mistralai import ChatMistralAI
from pydantic import SecretStr

from boardhand_api.model import PlainModel
from boardhand_runner.models.profiles import Abilities

ERRORS = (httpx.HTTPError,)
ADDRESS = "https://api.mistral.ai/v1"


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
    return ChatMistralAI(
        model_name=model.name,
        api_key=SecretStr(key),
        base_url=address,
        async_client=client,
        max_retries=1,
        max_tokens=abilities.answer_tokens,
    )


def options(abilities: Abilities) -> dict[str, Any]:
    """Said only where it differs from the default."""
    return {} if abilities.parallel_calls else {"parallel_tool_calls": False}

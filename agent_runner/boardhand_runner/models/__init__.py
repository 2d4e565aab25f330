"""Language models by provider; a provider's library is imported only where an order names it."""

from __future__ import annotations

import importlib
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from boardhand_api.pool import Model, Price, Provider
from boardhand_runner.errors import Configuration
from boardhand_runner.usage import price_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ANSWER_SECONDS = 600.0
"""An answer that takes longer counts as a failed request."""
CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Mind:
    """A model of the order, ready to be asked."""

    name: str
    chat: BaseChatModel
    price: Price | None = None
    errors: tuple[type[Exception], ...] = ()
    """What its library raises for a failed request."""


def build(model: Model, secret_dir: Path) -> Mind:
    """A client with the key that is mounted for it. It asks once: patience is `models.patience`'s."""
    provider = _provider(model.provider)
    chat = provider.build(model, api_key(secret_dir), tls(), answer=ANSWER_SECONDS, connect=CONNECT_SECONDS)
    return Mind(model.name, chat, price_of(model), provider.ERRORS)


def _provider(provider: Provider) -> ModuleType:
    return importlib.import_module(f"boardhand_runner.models.{provider.value}")


def api_key(secret_dir: Path) -> str:
    """The mounted key; a server that wants none gets a word, since clients insist on one."""
    file = secret_dir / "apiKey"
    return file.read_text("utf-8").strip() if file.is_file() else "none"


def tls() -> ssl.SSLContext:
    """What to trust: the bundle that SSL_CERT_FILE names, else the system's. Raises Configuration where it is none."""
    bundle = os.environ.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise Configuration(
            "CertificatesUnreadable", f"{bundle} is no PEM bundle ({error}): mend what spec.certificates names."
        ) from error

"""Language models by provider; a provider's library is imported only where an order names it."""

from __future__ import annotations

import importlib
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from boardhand_api.model import Model, PlainModel, Price, Provider
from boardhand_api.pod import FALLBACK_SUFFIX
from boardhand_runner.errors import Configuration
from boardhand_runner.models.profiles import Abilities, abilities_of
from boardhand_runner.usage import price_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ANSWER_SECONDS = 600.0
CONNECT_SECONDS = 15.0


@dataclass
class Mind:
    """A model of the order, ready to be asked."""

    name: str
    chat: BaseChatModel
    price: Price | None = None
    errors: tuple[type[Exception], ...] = ()
    """What its library raises for a failed request."""
    abilities: Abilities = field(default_factory=Abilities)
    options: Mapping[str, Any] = field(default_factory=dict)
    """What its provider is told with each request that offers tools."""
    spare: Callable[[], Mind] | None = None
    """Makes the fallback: its library is imported only where it is needed."""
    replaced: bool = False
    """Whether the fallback answers from here on."""

    @property
    def maker(self) -> str:
        """Who writes its answers: each maker's blocks, some of them signed, are only fit to go back to itself."""
        return f"{self.chat._llm_type} {self.name}"

    @cached_property
    def fallback(self) -> Mind | None:
        """What takes its place; made when first asked for. Raises what `build` raises."""
        return self.spare() if self.spare else None

    @property
    def active(self) -> Mind:
        """Who answers now."""
        return self.fallback if self.replaced and self.fallback else self


def build(model: PlainModel, secret_dir: Path, answer_seconds: float = ANSWER_SECONDS) -> Mind:
    """A client with the key that is mounted for it. It asks once: patience is `models.patience`'s.

    A server that is silent for `answer_seconds`, before or in an answer, counts as a failed request.
    Raises Configuration (ProviderMissing, ProfileUnknown, CertificatesUnreadable, ModelCredentials).
    """
    provider = library(model.provider)
    abilities = abilities_of(model)
    chat = provider.build(model, abilities, api_key(secret_dir), tls(), answer=answer_seconds, connect=CONNECT_SECONDS)
    spare = model.fallback if isinstance(model, Model) else None
    later = None
    if spare:
        later = partial(build, spare, secret_dir.with_name(secret_dir.name + FALLBACK_SUFFIX), answer_seconds)
        abilities_of(spare)  # a wrong profile is told at the start, not in the middle of the run
    return Mind(
        model.name,
        chat,
        price_of(model),
        provider.ERRORS,
        abilities,
        provider.options(abilities),
        later,
    )


def library(provider: Provider) -> ModuleType:
    """The provider's module here, with its library. Raises Configuration (ProviderMissing) where that is not there."""
    try:
        return importlib.import_module(f"boardhand_runner.models.{provider.value}")
    except ModuleNotFoundError as error:
        raise Configuration(
            "ProviderMissing",
            f"The runner lacks {error.name} for {provider.value}: install boardhand[{provider.value}] in its image.",
        ) from error


def api_key(secret_dir: Path) -> str:
    """The mounted key; a server that wants none gets a word, since clients insist on one.

    Raises Configuration (ModelCredentials) where no request can carry it.
    """
    file = secret_dir / "apiKey"
    key = file.read_text("utf-8", "replace").strip() if file.is_file() else "none"
    if not (key.isascii() and key.isprintable()):
        raise Configuration(
            "ModelCredentials",
            "The key `apiKey` in the model's Secret holds line breaks or characters that are not ASCII, such as"
            " typographic quotes: put the bare key there.",
        )
    return key


def tls() -> ssl.SSLContext:
    """What to trust: the bundle that SSL_CERT_FILE names, else the system's. Raises Configuration where it is none."""
    bundle = os.environ.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise Configuration(
            "CertificatesUnreadable", f"{bundle} is no PEM bundle ({error}): mend what spec.certificates names."
        ) from error

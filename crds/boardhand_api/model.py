"""The part of a pool that says which language models do the work."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from boardhand_api.base import Money, NonEmpty, SecretRef, Url, Wire, rules
from boardhand_api.sealed import Sealed, check_source, one_source


class Provider(StrEnum):
    """Who serves a model."""

    OPENAI = "openai"
    MISTRAL = "mistral"
    GOOGLE = "google"
    ANTHROPIC = "anthropic"


class Price(Wire):
    """What a model costs, in US dollars a million tokens."""

    prompt: Money
    """A million prompt tokens."""
    cached: Money | None = None
    """A million prompt tokens read from the provider's cache; absent: as `prompt`."""
    cache_write: Money | None = None
    """A million prompt tokens written to the provider's cache; absent: as `prompt`."""
    completion: Money
    """A million completion tokens."""


class EditFormat(StrEnum):
    """How a model changes files."""

    REPLACE = "replace"
    WHOLE_FILE = "whole-file"


class CallFormat(StrEnum):
    """How a model calls tools."""

    NATIVE = "native"
    TEXT = "text"


class Profile(Wire):
    """What a model can do. Each field replaces that of the built-in profile."""

    name: NonEmpty | None = None
    """The built-in profile to start from, such as small-local; absent: the one that fits the model's name."""
    context_tokens: Annotated[int | None, Field(ge=2048)] = None
    """Prompt and answer together, in tokens: what the server is set to, where that is less than the model can."""
    answer_tokens: Annotated[int | None, Field(ge=256)] = None
    """An answer is cut off after so many tokens; absent: as the provider does."""
    edits: EditFormat | None = None
    """replace: exact pieces of a file; whole-file: only whole files."""
    calls: CallFormat | None = None
    """native: by the provider's own tool calls; text: as blocks in the answer, for models that have none."""
    parallel_calls: bool | None = None
    """Whether an answer may hold several calls."""
    prompt_caching: bool | None = None
    """Whether the provider is told to cache the prompt, where it does not by itself."""
    small_prompt: bool | None = None
    """Short instructions and only the tools that are needed."""
    streaming: bool | None = None
    """Whether answers are asked for as streams, so that a limit ends one in its middle; absent: they are. False for a
    server that cannot stream."""


class PlainModel(Wire):
    """One language model at its provider."""

    model_config = {"json_schema_extra": rules(one_source("secretRef", "sealed", required=False))}

    provider: Provider = Provider.OPENAI
    """openai also speaks to every OpenAI-compatible server, see `baseURL`."""
    name: NonEmpty
    """The model's name at its provider."""
    base_url: Annotated[Url | None, Field(alias="baseURL")] = None
    """The server's address up to and with its version, such as http://ollama:11434/v1; absent: the provider's own."""
    secret_ref: SecretRef | None = None
    """A Secret with the key `apiKey`; absent: the server wants none. Only the agent stage sees it."""
    sealed: Sealed | None = None
    """The same key, sealed with `boardhand seal --field models.large.apiKey` (or models.small, with .fallback where it
    is one), in place of secretRef."""
    price: Price | None = None
    """Absent: the built-in table, and where the model is not in it, money is not counted."""
    profile: Profile | None = None
    """What the model can do; absent: told by its name."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        check_source(("secretRef", self.secret_ref), ("sealed", self.sealed), required=False)
        return self


class Model(PlainModel):
    """One language model, and what takes its place."""

    fallback: PlainModel | None = None
    """Asked for the rest of the run where the model stays unavailable, or its context is too small and this one's is
    larger."""


class Models(Wire):
    """The large model does the work; the small one routes and describes."""

    large: Model
    """Does the work."""
    small: Model | None = None
    """Routes and writes the pull request's text; absent: the large one."""

"""What a model can do: built-in profiles by its name, and what the pool says instead."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from boardhand_api.model import CallFormat, EditFormat, PlainModel
from boardhand_runner.errors import Configuration

DEFAULT = "default"


@dataclass(frozen=True)
class Abilities:
    """A profile without gaps; the fields are those of `boardhand_api.model.Profile`."""

    context_tokens: int = 128_000
    answer_tokens: int | None = None
    edits: EditFormat = EditFormat.REPLACE
    calls: CallFormat = CallFormat.NATIVE
    parallel_calls: bool = True
    prompt_caching: bool = False
    small_prompt: bool = False
    streaming: bool = True


def abilities_of(model: PlainModel) -> Abilities:
    """What the model can do. Raises Configuration (ProfileUnknown) where the pool names a profile that is not there."""
    table = _table()
    said = model.profile
    name = said.name if said and said.name else _by_name(model.name)
    if name not in table["profiles"]:
        raise Configuration(
            "ProfileUnknown", f"There is no profile {name} for {model.name}; there are {', '.join(table['profiles'])}."
        )
    built_in = _read(table["profiles"][name])
    return replace(built_in, **said.model_dump(exclude={"name"}, exclude_none=True)) if said else built_in


def _by_name(model: str) -> str:
    found = (profile for pattern, profile in _table()["patterns"] if re.search(pattern, model, re.IGNORECASE))
    return next(found, DEFAULT)


def _read(fields: dict[str, Any]) -> Abilities:
    return Abilities(**fields | {"edits": EditFormat(fields["edits"]), "calls": CallFormat(fields["calls"])})


@cache
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("profiles.yaml").read_text("utf-8"))
    return loaded

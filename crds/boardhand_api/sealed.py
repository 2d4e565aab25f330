"""Credentials that may lie in Git: beside each secretRef the same keys, as Fernet texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from boardhand_api.base import SecretRef, rules

SEALED_TEXT = r"^gAAAA[A-Za-z0-9_-]{60,}={0,2}$"
"""A Fernet token of version 0x80, in base64url: https://github.com/fernet/spec/blob/master/Spec.md"""
TEXT_CHARACTERS = 16_384
"""A sealed text is no longer."""
VALUE_BYTES = 8_192
"""What is sealed is no longer; a key for ssh has some 3,000, the key of a GitHub App 1,700."""
KEYS = 10
"""So many keys a place may have."""
KEY_NAME = r"^[A-Za-z0-9_-]{1,100}$"


def _names(texts: dict[str, str]) -> dict[str, str]:
    for name in texts:
        if not re.fullmatch(KEY_NAME, name):
            raise ValueError(f"the key {name[:120]!r} must have letters, digits, - and _, at most 100 of them")
    return texts


Sealed = Annotated[
    dict[str, Annotated[str, Field(pattern=SEALED_TEXT, max_length=TEXT_CHARACTERS)]],
    Field(
        min_length=1,
        max_length=KEYS,
        json_schema_extra=rules(
            (
                f"self.all(key, key.matches('{KEY_NAME}'))",
                "keys have letters, digits, - and _ only, at most 100 of them",
            )
        ),
    ),
    AfterValidator(_names),
]
"""Key to text, as `boardhand seal` prints it. A text opens only in the namespace, pool and field it was sealed for."""


def one_source(reference: str, sealed: str, *, required: bool) -> tuple[str, str]:
    """The rule and message for the API server that a place has one of both, or where it is not required, none."""
    if required:
        return f"has(self.{reference}) != has(self.{sealed})", f"give either {reference} or {sealed}"
    return f"!has(self.{reference}) || !has(self.{sealed})", f"give {reference} or {sealed}, not both"


def check_source(
    reference: tuple[str, SecretRef | None], sealed: tuple[str, Mapping[str, Any] | None], *, required: bool
) -> None:
    """The same of what was read, as (field, value). Raises ValueError."""
    given = (reference[1] is not None) + (sealed[1] is not None)
    if given > 1 or (required and not given):
        raise ValueError(one_source(reference[0], sealed[0], required=required)[1])

"""What every model of the vocabulary shares: camelCase on the wire, closed to unknown fields, immutable."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

NonEmpty = Annotated[str, Field(min_length=1)]
HTTP_URL = r"^https?://[^\s]+$"
Url = Annotated[str, Field(pattern=HTTP_URL)]
Short = Annotated[str, Field(min_length=1, max_length=253)]
"""As long as a name may be in Kubernetes."""
CloneUrl = Annotated[str, Field(pattern=r"^(https?|ssh)://[^\s]+$")]
Priority = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Seconds = Annotated[int, Field(ge=1)]
PATH_PART = r"\.?[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*"
Folder = Annotated[str, Field(pattern=rf"^{PATH_PART}(/{PATH_PART})*$", max_length=255)]
"""A folder of the repository, from its root; no part of it is `..`."""
Quantity = Annotated[str, Field(pattern=r"^[1-9][0-9]*(k|M|G|T|Ki|Mi|Gi|Ti)$")]
"""Bytes, as Kubernetes writes them."""
Money = Annotated[Decimal, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]


class Wire(BaseModel):
    """A part of an object as Kubernetes holds it. Field docstrings become `kubectl explain`."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # What is wrong may be a credential in the wrong place.
        hide_input_in_errors=True,
    )

    def wire(self) -> dict[str, Any]:
        """The object as JSON-ready data in wire names, without what is unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Tolerant(Wire):
    """Data that a newer program may have written: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class SecretRef(Wire):
    """A Secret in the pool's own namespace."""

    name: NonEmpty
    """Name of the Secret."""


def distinct(field: str, names: str) -> dict[str, Any]:
    """The rule that no two items of a list have the same `field`; `names` is what people call those."""
    rule = f"self.all(one, self.exists_one(other, other.{field} == one.{field}))"
    return rules((rule, f"{names} must differ"))


def rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    """CEL rules for the API server: pairs of (rule, message)."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": text} for rule, text in pairs]}

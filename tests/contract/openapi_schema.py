"""The vendors' OpenAPI files, and their schemas as JSON Schema validators. The files are read, never copied."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

_ROOT = Path(__file__).resolve().parents[2]


@cache
def contract(name: str) -> dict[str, Any]:
    """The vendor's file of this name. BOARDHAND_CONTRACTS says where they lie (default: ../shared/contracts)."""
    folder = Path(os.environ.get("BOARDHAND_CONTRACTS") or _ROOT.parent / "shared" / "contracts")
    text = (folder / name).read_text()
    loaded: dict[str, Any] = json.loads(text) if name.endswith(".json") else yaml.load(text, yaml.CSafeLoader)
    return loaded


def nullable_as_type(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` (also beside a $ref) written as JSON Schema 2020-12 writes it."""
    if isinstance(node, list):
        return [nullable_as_type(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    plain = {name: nullable_as_type(value) for name, value in node.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@cache
def _schemas(name: str) -> dict[str, Any]:
    converted: dict[str, Any] = nullable_as_type(contract(name)["components"]["schemas"])
    return converted


def validator(name: str, schema: str, changes: dict[str, Any] | None = None) -> Draft202012Validator:
    """A validator of the vendor's schema; `changes` replaces properties in which the file is known to err."""
    schemas = _schemas(name)
    for place, right in (changes or {}).items():
        owner, _, prop = place.partition(".")
        properties = schemas[owner]["properties"] | {prop: right}
        schemas = schemas | {owner: schemas[owner] | {"properties": properties}}
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": {"schemas": schemas}})


def problems(check: Draft202012Validator, answer: Any) -> list[str]:
    """Where the answer breaks the schema; empty when it keeps it."""
    return [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(answer)]

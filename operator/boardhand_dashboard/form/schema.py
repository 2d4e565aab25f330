"""Pure: what the vocabulary says of a pool's fields, so that the form says it too and nothing is written twice."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

from boardhand_api.crd import definitions

Json = dict[str, Any]


@cache
def spec_schema() -> Json:
    """The structural schema of a CodingAgent's spec, as its CustomResourceDefinition has it."""
    schema: Json = definitions()[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return schema


def at(path: str) -> Json:
    """The schema of a field, such as `board.columns.ready`. Raises KeyError for what is none."""
    found = spec_schema()
    for part in path.split("."):
        found = found["properties"][part]
    return found


def trimmed(spec: Mapping[str, Any]) -> Json:
    """The spec without what is its default anyway: the API server puts that in again."""
    out: Json = _trimmed(spec, spec_schema())
    return out


def _trimmed(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict) and "properties" in schema:
        kept = {name: _trimmed(inner, schema["properties"].get(name, {})) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if not _default(inner, schema["properties"].get(name, {}))}
    if isinstance(value, list) and "items" in schema:
        return [_trimmed(one, schema["items"]) for one in value]
    return value


def _default(value: Any, schema: Mapping[str, Any]) -> bool:
    return "default" in schema and value == schema["default"]


def ordered(spec: Mapping[str, Any]) -> Json:
    """The same with its fields in the order of the schema; unknown ones last."""
    out: Json = _ordered(copy.deepcopy(dict(spec)), spec_schema())
    return out


def _ordered(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict) and "properties" in schema:
        names = [name for name in schema["properties"] if name in value]
        names += [name for name in value if name not in schema["properties"]]
        return {name: _ordered(value[name], schema["properties"].get(name, {})) for name in names}
    if isinstance(value, list) and "items" in schema:
        return [_ordered(one, schema["items"]) for one in value]
    return value

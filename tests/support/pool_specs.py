"""Specs of pools as Hypothesis makes them: all that the models take, from the schema that they are written as."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st

from boardhand_dashboard.form.schema import spec_schema

Json = dict[str, Any]
_SEALED = "gAAAAABn" + "x" * 80
_KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
_ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)
_PAIRS = (("secretRef", "sealed"), ("readSecretRef", "readSealed"), ("pushSecretRef", "pushSealed"))


@cache
def specs() -> st.SearchStrategy[Json]:
    """Specs that `CodingAgentSpec` takes, as the API server holds them."""
    return _of(spec_schema())


def _of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _BY_TYPE[schema["type"]](schema)


def _object(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" in schema:
        parts = {name: _of(inner) for name, inner in schema["properties"].items()}
        needed = schema.get("required", ())
        rules = [one["rule"] for one in schema.get("x-kubernetes-validations", ())]
        return st.fixed_dictionaries(
            {name: parts[name] for name in parts if name in needed},
            optional={name: parts[name] for name in parts if name not in needed},
        ).map(lambda made: _one_source(made, rules))
    least, most = schema.get("minProperties", 0), min(schema.get("maxProperties", 2), 2)
    inner = schema.get("additionalProperties")
    return st.dictionaries(_KEYS, _of(inner) if isinstance(inner, dict) else _ANY, min_size=least, max_size=most)


def _string(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    pattern = schema.get("pattern")
    if pattern and pattern.startswith("^gAAAA"):
        return st.just(_SEALED)
    if pattern:
        most = schema.get("maxLength", 10_000)
        return st.from_regex(pattern.replace("$", r"\Z")).filter(lambda text: len(text) <= most)
    return _TEXT


def _number(schema: Mapping[str, Any]) -> st.SearchStrategy[int | float]:
    return st.integers(schema.get("minimum", 0), 10**6) | st.floats(schema.get("minimum", 0), 10**6)


def _array(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    least = schema.get("minItems", 0)
    return st.lists(_of(schema["items"]), min_size=least, max_size=max(least, 2))


def _one_source(made: Json, rules: Sequence[str]) -> Json:
    """A place has one source of credentials at most, and where it must have one, one."""
    for reference, sealed in _PAIRS:
        if reference in made and sealed in made:
            del made[reference]
        if f"has(self.{reference}) != has(self.{sealed})" in rules and sealed not in made:
            made.setdefault(reference, {"name": "a-secret"})
    return made


_BY_TYPE: dict[str, Callable[[Mapping[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _object,
    "string": _string,
    "array": _array,
    "number": _number,
    "boolean": lambda _: st.booleans(),
    "integer": lambda schema: st.integers(schema.get("minimum", 0), schema.get("maximum", 10**9)),
}

"""Pure: YAML that people type, read so that it can do no harm, and specs as YAML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

YAML_CHARACTERS = 400_000
"""Longer YAML is not read; the API server takes objects of 1.5 MB at most."""
DEPTH = 40
"""Nothing in a spec is nested so deep."""
PARTS = 4_000
"""Keys, values, lists and mappings; some hundreds are many. To read so many takes a tenth of a second."""
PLAIN = 20_000
"""Characters of a value without quotes: a longer one may be a number that takes minutes. Sealed texts have 16,384."""

Json = dict[str, Any]


class Unreadable(ValueError):
    """YAML that is none, or none that a spec needs; the message says where, and quotes nothing of it."""


def read(text: str) -> Json:
    """The mapping that stands there; an empty text is an empty one. Raises Unreadable."""
    if len(text) > YAML_CHARACTERS:
        raise Unreadable(f"the YAML has more than {YAML_CHARACTERS} characters")
    try:
        _check(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        said = getattr(wrong, "problem", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(f"this is no YAML{where}{f': {said}' if isinstance(wrong, Unwanted) else ''}") from None
    except ValueError as wrong:
        raise Unreadable(f"the YAML holds a date or a number that is none ({type(wrong).__name__})") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unreadable("the YAML must be fields of the spec, such as `retention: {days: 90}`")
    return {_key(key): _json(value) for key, value in found.items()}


class Unwanted(yaml.MarkedYAMLError):
    """YAML that is more than JSON in another form."""

    def __init__(self, problem: str, about: Any) -> None:
        """about: the event or node where it stands."""
        super().__init__(problem=problem, problem_mark=about.start_mark)


def _check(text: str) -> None:
    """An alias makes megabytes of a line, deep nesting ends the stack, and a tag has the library read anything as it
    says."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if number > PARTS:
            raise Unwanted(f"it has more than {PARTS} parts", event)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and len(event.value) > PLAIN:
            raise Unwanted(f"a value of more than {PLAIN} characters must stand in quotes", event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unwanted("anchors and aliases are not taken: write it out", event)
        if getattr(event, "tag", None):
            raise Unwanted("tags, such as !!int, are not taken: leave them out", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            raise Unwanted(f"it is nested deeper than {DEPTH} levels", event)


class _Loader(yaml.SafeLoader):
    """A key that stands twice in a mapping is an error: one of both would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise Unwanted("a key stands here twice", key)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _json(value: Any) -> Any:
    """Keys as text, and nothing but what JSON knows. Raises Unreadable."""
    match value:
        case dict():
            return {_key(key): _json(inner) for key, inner in value.items()}
        case list():
            return [_json(one) for one in value]
        case str() if not any("\ud800" <= letter <= "\udfff" for letter in value):
            return value
        case float() if math.isfinite(value):
            return value
        case None | bool():
            return value
        case int() if -(2**63) <= value < 2**63:
            return value
    raise Unreadable(f"the YAML holds a {type(value).__name__}, such as no spec can hold: put it in quotes")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise Unreadable("a key of the YAML is no text: put it in quotes")
    return key


def dump(body: Mapping[str, Any]) -> str:
    """As people read it; empty for nothing."""
    return yaml.dump(dict(body), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110) if body else ""


class _Plain(yaml.SafeDumper):
    """Without anchors, which `read` does not take."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """In quotes, which escape it, where it holds what cannot be seen: YAML has more line breaks than LF."""
    seen = text.replace("\n", "").isprintable()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if seen else '"')


_Plain.add_representer(str, _text)

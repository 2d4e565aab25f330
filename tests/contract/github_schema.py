"""GitHub's GraphQL schema, as npm's @octokit/graphql-schema has it and the docs tell of what came later.

`make build/github/.installed` puts the package's file into build/. Of it only the types that are asked for are read:
all of it takes seconds.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from graphql import parse

FILE = Path(__file__).resolve().parents[2] / "build" / "github" / "schema.graphql"
NEW = Path(__file__).parent / "documented" / "github" / "graphql_new.json"
Types = dict[str, Any]


@cache
def published(names: frozenset[str]) -> Types:
    """Of these types those that the package has, parsed."""
    assert FILE.exists(), f"{FILE} is not there: run `make build/github/.installed`"
    whole = re.sub(r'"""(?:[^"\\]|\\.|"(?!""))*"""', "", FILE.read_text())
    pattern = r"^(?:type|interface|enum|input|union|scalar) (\w+)\b[^\n{]*(?:\{\n.*?^\}|(?:\n  \|[^\n]*)*)"
    found = [match[0] for match in re.finditer(pattern, whole, re.MULTILINE | re.DOTALL) if match[1] in names]
    return by_name("\n".join(found))


def by_name(text: str) -> Types:
    """The definitions of a schema."""
    return {one.name.value: one for one in parse(text).definitions}  # type: ignore[attr-defined]


def newer(published_types: Types) -> Types:
    """The types with what came later."""
    found = dict(published_types)
    for name, added in by_name("\n".join(json.loads(NEW.read_text())["schema"])).items():
        found[name] = _extended(found[name], added) if name in found else added
    return found


def _extended(found: Any, added: Any) -> Any:
    for part in ("fields", "values", "types"):
        known = (*(getattr(found, part, None) or ()), *(getattr(added, part, None) or ()))
        parts = {one.name.value: one for one in known}
        if parts:
            setattr(found, part, tuple(parts.values()))
    return found


def misfits(subset: Types, whole: Types) -> list[str]:
    """Where a part of a schema says something else than the whole; empty where it says the same, but less."""
    found = []
    for name, mine in subset.items():
        if name not in whole:
            found.append(f"{name}: there is no such type")
        elif type(mine).__name__ != type(whole[name]).__name__.replace("Extension", "Definition"):
            found.append(f"{name}: {type(whole[name]).__name__}")
        else:
            found += [f"{name}.{wrong}" for wrong in _misfit_parts(mine, whole[name])]
    return found


def _misfit_parts(mine: Any, theirs: Any) -> list[str]:
    found = []
    for part in ("values", "types", "interfaces"):
        names = {one.name.value for one in getattr(theirs, part, None) or ()}
        found += [one.name.value for one in getattr(mine, part, None) or () if one.name.value not in names]
    known = {field.name.value: field for field in getattr(theirs, "fields", None) or ()}
    ours = {field.name.value: field for field in getattr(mine, "fields", None) or ()}
    for name, field in ours.items():
        if name not in known or _type(field) != _type(known[name]):
            found.append(f"{name}: {_type(field)}")
        else:
            found += [f"{name}({wrong})" for wrong in _misfit_arguments(field, known[name])]
    if type(mine).__name__ == "InputObjectTypeDefinitionNode":
        found += [f"{name} is required" for name, field in known.items() if _required(field) and name not in ours]
    return found


def _misfit_arguments(mine: Any, theirs: Any) -> list[str]:
    known = {one.name.value: one for one in getattr(theirs, "arguments", None) or ()}
    ours = {one.name.value: one for one in getattr(mine, "arguments", None) or ()}
    wrong = [name for name, one in ours.items() if name not in known or _type(one) != _type(known[name])]
    return wrong + [f"{name} is required" for name, one in known.items() if _required(one) and name not in ours]


def _required(field: Any) -> bool:
    return bool(field.type.kind == "non_null_type" and field.default_value is None)


def _type(field: Any) -> str:
    kind = field.type
    if kind.kind == "named_type":
        return str(kind.name.value)
    inner = _type(kind)
    return f"{inner}!" if kind.kind == "non_null_type" else f"[{inner}]"

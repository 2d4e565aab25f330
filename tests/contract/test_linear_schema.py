"""The schema that the stand-in executes is part of Linear's own, as npm's @linear/sdk has it.

The package is pinned in testbed/linear/contract; `make build/linear/.installed` puts its types into build/.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)

from boardhand_operator.boards.linear import client
from testbed.linear.app import schema

FILE = Path(__file__).resolve().parents[2] / "build" / "linear" / "types.d.mts"
TYPES = {
    name: found
    for name, found in schema().type_map.items()
    if isinstance(found, GraphQLObjectType | GraphQLInputObjectType) and not name.startswith("__")
}


@cache
def sdk() -> str:
    assert FILE.exists(), f"{FILE} is not there: run `make build/linear/.installed`"
    return FILE.read_text()


@cache
def types() -> dict[str, str]:
    """The package's types with what is between their braces."""
    return dict(re.findall(r"^type (\w+) = (?:[\w &]+ & )?\{\n(.*?)^\};", sdk(), re.DOTALL | re.MULTILINE))


def fields_of(name: str) -> dict[str, str]:
    """The fields of a type of the package, as TypeScript writes them; empty where there is no such type."""
    return dict(re.findall(r"^  (\w+)\??: (.*);$", types().get(name, ""), re.MULTILINE))


def typescript(kind: object, maybe: str) -> str:
    """A GraphQL type as the package's generator writes it."""
    if isinstance(kind, GraphQLNonNull):
        return bare(kind.of_type, maybe)
    return f"{maybe}<{bare(kind, maybe)}>"


def bare(kind: object, maybe: str) -> str:
    if isinstance(kind, GraphQLList):
        return f"Array<{typescript(kind.of_type, maybe)}>"
    assert isinstance(kind, GraphQLScalarType | GraphQLObjectType | GraphQLInputObjectType)
    return f'Scalars["{kind.name}"]' if isinstance(kind, GraphQLScalarType) else kind.name


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_the_fields_that_linear_has(name: str) -> None:
    theirs = fields_of(name)
    maybe = "InputMaybe" if isinstance(TYPES[name], GraphQLInputObjectType) else "Maybe"
    ours: dict[str, GraphQLField | GraphQLInputField] = dict(TYPES[name].fields)
    assert {field: theirs.get(field) for field in ours} == {
        field: typescript(found.type, maybe) for field, found in ours.items()
    }


@pytest.mark.parametrize("name", TYPES)
def test_every_field_takes_the_arguments_that_linear_takes(name: str) -> None:
    kind = TYPES[name]
    if not isinstance(kind, GraphQLObjectType):
        assert fields_of(name)
        return
    for field, found in kind.fields.items():
        theirs = fields_of(f"{name}{field[0].upper()}{field[1:]}Args")
        ours = {argument: typescript(wanted.type, "InputMaybe") for argument, wanted in found.args.items()}
        assert ours.items() <= theirs.items(), field


def test_every_input_that_linear_requires_is_known() -> None:
    for name, kind in TYPES.items():
        if isinstance(kind, GraphQLInputObjectType):
            required = {field for field, text in fields_of(name).items() if not text.startswith("InputMaybe<")}
            assert required <= set(kind.fields), name


def test_every_type_of_error_that_is_told_apart_is_one_of_linears() -> None:
    named = re.search(r"enum LinearErrorType \{\n(.*?)\n\}", sdk(), re.DOTALL)
    assert named is not None
    words = {re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower() for word in re.findall(r'"(\w+)"', named[1])}
    assert set(client._STATUS) <= words

"""How complex Linear counts a query to be.

Source: https://linear.app/developers/rate-limiting : a property is 0.1 points, an object 1, and a connection multiplies
what is in it by its `first` (50 where none is given). One query may have 10,000.
"""

from __future__ import annotations

from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, IntValueNode, SelectionSetNode
from graphql import OperationDefinitionNode as Operation

MOST = 10_000.0
_CONNECTED = {"nodes", "pageInfo"}


def complexity(document: DocumentNode) -> float:
    """Points of the document's operations."""
    fragments = {part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)}
    operations = [part for part in document.definitions if isinstance(part, Operation)]
    return sum(_of(operation.selection_set, fragments) for operation in operations)


def _of(selections: SelectionSetNode, fragments: dict[str, Any]) -> float:
    points = 0.0
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            points += _of(fragments[selection.name.value].selection_set, fragments)
        elif isinstance(selection, FieldNode):
            points += _field(selection, fragments)
    return points


def _field(field: FieldNode, fragments: dict[str, Any]) -> float:
    if field.selection_set is None:
        return 0.1
    inside = _of(field.selection_set, fragments)
    names = {found.name.value for found in field.selection_set.selections if isinstance(found, FieldNode)}
    return _first(field) * inside if names & _CONNECTED else 1 + inside


def _first(field: FieldNode) -> int:
    for argument in field.arguments:
        if argument.name.value == "first" and isinstance(argument.value, IntValueNode):
            return int(argument.value.value)
    return 50

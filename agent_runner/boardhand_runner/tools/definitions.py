"""What a source file defines, by its syntax tree: tree-sitter with the grammars' own wheels, loaded when first used."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_GRAMMARS = {
    "py": ("python", "language"), "pyi": ("python", "language"),
    "java": ("java", "language"), "go": ("go", "language"), "rs": ("rust", "language"),
    "js": ("javascript", "language"), "mjs": ("javascript", "language"), "cjs": ("javascript", "language"),
    "jsx": ("javascript", "language"), "ts": ("typescript", "language_typescript"),
    "mts": ("typescript", "language_typescript"), "tsx": ("typescript", "language_tsx"),
    "c": ("cpp", "language"), "h": ("cpp", "language"), "cc": ("cpp", "language"), "cpp": ("cpp", "language"),
    "cxx": ("cpp", "language"), "hh": ("cpp", "language"), "hpp": ("cpp", "language"),
}  # fmt: skip
_FUNCTIONS = frozenset({
    "function_definition", "function_declaration", "function_item", "generator_function_declaration",
    "method_declaration", "method_definition", "constructor_declaration", "function_signature_item",
})  # fmt: skip
_TYPES = frozenset({
    "class_definition", "class_declaration", "abstract_class_declaration", "interface_declaration", "enum_declaration",
    "record_declaration", "type_spec", "type_alias_declaration", "struct_item", "enum_item", "trait_item", "impl_item",
    "class_specifier", "struct_specifier", "enum_specifier",
})  # fmt: skip
_DEPTH = 8


@dataclass
class Definition:
    """A function or a type, with what the type holds."""

    name: str
    members: list[str]


def known(path: str) -> bool:
    """Whether there is a grammar for the file, by its name."""
    return _suffix(path) in _GRAMMARS


def definitions(path: str, source: bytes) -> list[Definition]:
    """The file's definitions in their order; those of a broken file as far as its tree goes."""
    parser = _parser(*_GRAMMARS[_suffix(path)])
    found: list[Definition] = []
    _walk(parser.parse(source).root_node, found, None, _DEPTH)
    return found


def _suffix(path: str) -> str:
    return path.rpartition(".")[2].lower()


@cache
def _parser(grammar: str, function: str) -> Parser:
    from tree_sitter import Language, Parser

    module = importlib.import_module(f"tree_sitter_{grammar}")
    return Parser(Language(getattr(module, function)()))


def _walk(node: Node, found: list[Definition], holder: Definition | None, depth: int) -> None:
    """Functions are not entered: what they hold is nobody else's."""
    for child in node.named_children if depth else ():
        if child.type in _FUNCTIONS:
            if name := _name(child):
                holder.members.append(name) if holder else found.append(Definition(name, []))
        elif child.type in _TYPES:
            inner = _type(child, found)
            _walk(child, found, inner or holder, depth - 1)
        else:
            _walk(child, found, holder, depth - 1)


def _type(node: Node, found: list[Definition]) -> Definition | None:
    """The entry for a type; an implementation block goes to its type's."""
    name = _name(node)
    if not name or (node.type.endswith("_specifier") and node.child_by_field_name("body") is None):
        return None
    same = next((definition for definition in found if definition.name == name), None)
    if same is None:
        found.append(same := Definition(name, []))
    return same


def _name(node: Node) -> str:
    """The name's text: of a declarator, in C and C++, the innermost."""
    named = node.child_by_field_name("name") or node.child_by_field_name("type") or node
    for deeper in _declarators(node):
        named = deeper
    if named is node or named.text is None:
        return ""
    return " ".join(named.text.decode("utf-8", "replace").split())[:60]


def _declarators(node: Node) -> Iterator[Node]:
    while (inner := node.child_by_field_name("declarator")) is not None:
        yield (node := inner)

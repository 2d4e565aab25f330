"""The tests of a Python file, by its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from boardhand_runner.evidence.change import TestCase

_PY_SKIP = re.compile(r"(?:^|\.)(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b")
_PY_SKIPS_INSIDE = re.compile(r"(?:^|\.)(?:skip|skipTest|xfail|SkipTest)$")
_SURE = re.compile(r"^(?:assert|fail$|raises|warns)", re.IGNORECASE)
_CHECKS = re.compile(r"^(?:check|verify|expect|ensure|require|should|approve)", re.IGNORECASE)


def find(path: str, text: str) -> Iterator[TestCase]:
    """In order; none where the file cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    helpers = {node.name for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and any(_py_asserts(node))}
    for owner, node in _py_functions(tree.body, ""):
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        certain, likely = _py_asserts(node, helpers - {node.name})
        yield TestCase(
            path=path,
            name=f"{owner}{node.name}",
            body=ast.unparse(node),
            skipped=any(_PY_SKIP.search(mark) for mark in marks) or _py_skips(node),
            asserts=certain + likely > 0,
            parametrised=any("parametri" in mark or "given" in mark or "expand" in mark for mark in marks)
            or "subTest" in ast.unparse(node),
            certain=certain,
            likely=likely,
        )


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _py_functions(body: list[ast.stmt], owner: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test"):
            yield owner, node
        elif isinstance(node, ast.ClassDef):
            yield from _py_functions(node.body, f"{owner}{node.name}.")


def _py_skips(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Skips at its own level; a skip within a condition is a platform's, mostly."""
    for statement in node.body:
        called = statement.value if isinstance(statement, ast.Expr) else getattr(statement, "exc", None)
        if isinstance(called, ast.Call) and _PY_SKIPS_INSIDE.search(ast.unparse(called.func)):
            return True
    return False


def _py_asserts(
    node: ast.FunctionDef | ast.AsyncFunctionDef, helpers: Collection[str] = frozenset()
) -> tuple[int, int]:
    """Assertions, and calls that are likely to be some: by their name, or of `helpers`."""
    certain = likely = 0
    if isinstance(node.body[0], ast.Return) and node.body[0].value is None:
        return certain, likely
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            certain += not _constant(inner.test)
        elif isinstance(inner, ast.Raise):
            certain += "AssertionError" in ast.unparse(inner)
        elif isinstance(inner, ast.Call):
            name = ast.unparse(inner.func).rsplit(".", 1)[-1]
            vain = name.startswith("assert") and bool(inner.args) and all(map(_constant, inner.args))
            sure = _SURE.match(name) is not None and not vain
            certain += sure
            likely += not sure and not vain and (name in helpers or _CHECKS.match(name) is not None)
    return certain, likely


def _constant(node: ast.expr) -> bool:
    """Whether it has the same value whatever the program does."""
    return all(not isinstance(part, ast.Name | ast.Call | ast.Attribute | ast.Await) for part in ast.walk(node))

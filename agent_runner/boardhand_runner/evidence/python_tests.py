"""The tests of a Python file, by its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from boardhand_runner.evidence.change import TestCase

_PY_SKIP = re.compile(r"(?:^|\.)(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b")
_PY_SKIPS_INSIDE = re.compile(r"(?:^|\.)(?:skip|skipTest|xfail|SkipTest)$")
_CHECKS = re.compile(r"^(?:assert|check|verify|expect|ensure|require|should|fail$|raises|warns|approve)", re.IGNORECASE)


def find(path: str, text: str) -> Iterator[TestCase]:
    """In order; none where the file cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    helpers = {node.name for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and _py_asserts(node, frozenset())}
    for owner, node in _py_functions(tree.body, ""):
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        yield TestCase(
            path=path,
            name=f"{owner}{node.name}",
            body=ast.unparse(node),
            skipped=any(_PY_SKIP.search(mark) for mark in marks) or _py_skips(node),
            asserts=_py_asserts(node, frozenset(helpers - {node.name})),
            parametrised=any("parametri" in mark or "given" in mark or "expand" in mark for mark in marks)
            or "subTest" in ast.unparse(node),
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


def _py_asserts(node: ast.FunctionDef | ast.AsyncFunctionDef, helpers: frozenset[str]) -> bool:
    if isinstance(node.body[0], ast.Return) and node.body[0].value is None:
        return False
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert) and not _constant(inner.test):
            return True
        if isinstance(inner, ast.Raise) and "AssertionError" in ast.unparse(inner):
            return True
        if isinstance(inner, ast.Call):
            name = ast.unparse(inner.func).rsplit(".", 1)[-1]
            vain = bool(inner.args) and all(_constant(argument) for argument in inner.args)
            if name in helpers or (_CHECKS.match(name) and not (name.startswith("assert") and vain)):
                return True
    return False


def _constant(node: ast.expr) -> bool:
    """Whether it has the same value whatever the program does."""
    return all(not isinstance(part, ast.Name | ast.Call | ast.Attribute | ast.Await) for part in ast.walk(node))

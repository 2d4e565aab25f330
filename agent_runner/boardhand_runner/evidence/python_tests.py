"""The tests of a Python file, by its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from boardhand_runner.evidence.change import TestCase

_PY_SKIP = re.compile(
    r"(?:^|\.)(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b"
    r"|\bparametrize\([^\n]*,\s*(?:argvalues=)?(?:\[\]|\(\)|\{\})\s*[,)]"
)
_PY_SKIPS_INSIDE = re.compile(r"(?:^|\.)(?:skip|skipTest|xfail|SkipTest)$")
_SURE = re.compile(r"^(?:assert|fail$|raises|warns)", re.IGNORECASE)
_CHECKS = re.compile(r"^(?:check|verify|expect|ensure|require|should|approve)", re.IGNORECASE)
_CATCHES = re.compile(r"\b(?:AssertionError|Exception|BaseException)\b")


def find(path: str, text: str) -> Iterator[TestCase]:
    """In order; none where the file cannot be parsed, or is nested too deeply."""
    try:
        yield from list(_found(path, ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _found(path: str, tree: ast.Module) -> Iterator[TestCase]:
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
    # Of two functions with one name, the first is gone.
    last = {node.name: node for node in body if isinstance(node, _FUNCTIONS)}
    for node in body:
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test") and last[node.name] is node:
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
    for inner in _live(node):
        if isinstance(inner, ast.Assert):
            certain += not _vain(inner.test)
        elif isinstance(inner, ast.Raise):
            certain += "AssertionError" in ast.unparse(inner)
        elif isinstance(inner, ast.Call):
            name = ast.unparse(inner.func).rsplit(".", 1)[-1]
            vain = name.startswith("assert") and _vain_call(inner.args)
            sure = _SURE.match(name) is not None and not vain
            certain += sure
            likely += not sure and not vain and (name in helpers or _CHECKS.match(name) is not None)
    return certain, likely


def _live(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """The nodes that run and may fail, as far as the form tells, in any order."""
    end = next((at for at, one in enumerate(function.body) if isinstance(one, ast.Return)), len(function.body))
    left: list[ast.AST] = [*function.body[: end + 1]]
    while left:
        node = left.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name == "body" and _swallows(node):
                continue
            left += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, ast.AST)]


def _swallows(node: ast.AST) -> bool:
    """Whether nothing of its body can fail the test."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Constant) and not node.test.value
    if isinstance(node, ast.With):
        return any(re.search(r"\bsuppress\(.*\b(?:AssertionError|Exception)\b", ast.unparse(one)) for one in node.items)
    if not isinstance(node, ast.Try):
        return False
    caught = [one for one in node.handlers if one.type is None or _CATCHES.search(ast.unparse(one.type))]
    return any(not _fails_again(one) for one in caught)


def _fails_again(handler: ast.ExceptHandler) -> bool:
    for inner in ast.walk(handler):
        called = ast.unparse(inner.func).rsplit(".", 1)[-1] if isinstance(inner, ast.Call) else ""
        if isinstance(inner, ast.Raise | ast.Assert) or _SURE.match(called):
            return True
    return False


def _vain(test: ast.expr) -> bool:
    """Whether it holds, whatever the program does."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return _constant(test) or any(isinstance(one, ast.Constant) and one.value for one in test.values)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE):
        return _constant(test) or ast.dump(test.left) == ast.dump(test.comparators[0])
    return _constant(test)


def _vain_call(arguments: list[ast.expr]) -> bool:
    same = len(arguments) > 1 and ast.dump(arguments[0]) == ast.dump(arguments[1])
    return bool(arguments) and (same or all(map(_constant, arguments)))


def _constant(node: ast.expr) -> bool:
    """Whether it has the same value whatever the program does."""
    return all(not isinstance(part, ast.Name | ast.Call | ast.Attribute | ast.Await) for part in ast.walk(node))

"""No regular expression of ours takes long over a text that somebody chose to make it do so."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import boardhand_api
import boardhand_operator
import boardhand_runner

_parser: Any = importlib.import_module("re._parser")
PACKAGES = (boardhand_api, boardhand_operator, boardhand_runner)
LETTERS = 20_000
"""A text of a ticket has up to 131,072; time that grows with the square of this many is far beyond the bound."""
SECONDS = 0.6
"""Processor time for each text. What grows in proportion takes some milliseconds."""
CALLS = {"compile", "search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split"}


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[str]]:
    """Every compiled one of a module, and every one that is written where it is used."""
    found: dict[str, re.Pattern[str]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                found[f"{module.__name__}.{name}"] = value
        for number, (text, flags) in enumerate(_written(module)):
            found[f"{module.__name__}:{number}:{text[:40]}"] = re.compile(text, flags)
    return found


def _written(module: ModuleType) -> Iterator[tuple[str, int]]:
    for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
            continue
        first, on = call.args[0], call.func.value
        if isinstance(on, ast.Name) and on.id == "re" and call.func.attr in CALLS and isinstance(first, ast.Constant):
            yield str(first.value), sum(int(getattr(re, flag)) for flag in _flags(call))


def _flags(call: ast.Call) -> set[str]:
    named = [one for one in ast.walk(call) if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)]
    return {one.attr for one in named if one.attr.isupper()}


def letters(tree: Any) -> Iterator[str]:
    """Letters that the pattern speaks of: each literal, and one of each class."""
    for operation, given in tree:
        name = str(operation)
        if name in ("LITERAL", "NOT_LITERAL"):
            yield chr(given)
        elif name == "RANGE":
            yield chr(given[0])
        elif name == "CATEGORY":
            yield {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "0", "CATEGORY_WORD": "w"}.get(str(given), "-")
        elif name == "IN":
            yield from letters(given)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield from letters(given[2])
        elif name == "SUBPATTERN":
            yield from letters(given[3])
        elif name == "BRANCH":
            for branch in given[1]:
                yield from letters(branch)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from letters(given[1])


def literals(tree: Any) -> str:
    """The letters that must stand at its beginning."""
    out = ""
    for operation, given in tree:
        if str(operation) == "SUBPATTERN":
            return out + literals(given[3])
        if str(operation) != "LITERAL":
            return out
        out += chr(given)
    return out


def texts(pattern: re.Pattern[str]) -> Iterator[str]:
    """Rows of what it speaks of, without the end that it looks for."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    known = list(dict.fromkeys([*letters(tree), *" a\n"]))[:14]
    begin = literals(tree)
    for row in [*known, *(known[at] + known[at + 1] for at in range(len(known) - 1)), begin or "x", "".join(known)]:
        whole = row * (LETTERS // len(row))
        yield begin + whole + "\0"
        yield whole + "\0" + whole


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(patterns()))
def test_its_time_is_in_proportion(name: str) -> None:
    pattern = patterns()[name]
    worst = 0.0
    for text in texts(pattern):
        begun = time.thread_time()
        for _ in pattern.finditer(text):
            pass
        pattern.fullmatch(text)
        worst = max(worst, time.thread_time() - begun)
        assert worst < SECONDS, f"{pattern.pattern!r} took {worst:.1f} s over {text[:60]!r}…"


def test_bad_ones_are_found() -> None:
    bad = re.compile(r"<!--.*?-->|(a|aa)+$", re.DOTALL)
    small = [text[:24] for text in texts(bad)]
    assert any(text.startswith("<!--") for text in small)
    assert any(text.startswith("aaaa") or "aaaa" in text for text in small)
    assert len(patterns()) > 50

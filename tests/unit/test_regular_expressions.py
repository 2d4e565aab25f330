"""No regular expression of ours takes long over a text that somebody chose to make it do so."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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
"""A ticket's description may have six times as many; time that grows with their square is far beyond the bound."""
SECONDS = 0.6
"""Processor time for each text. What grows in proportion takes some milliseconds."""
ANCHORED = {"match", "fullmatch"}
"""Uses that look at one place of the text."""
SCANNING = {"search", "findall", "finditer", "sub", "subn", "split"}
BOUNDED = {
    # A pull-request template: at most 16 kB of a file on the base branch.
    "boardhand_operator.texts.form._COMMENT": 16_384,
}
"""Where a text can be no longer than so many letters."""


@dataclass(frozen=True)
class Used:
    """A pattern, and whether a text is looked through for it."""

    pattern: re.Pattern[str]
    scanning: bool


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


@cache
def patterns() -> dict[str, Used]:
    """Every compiled one of a module, and every one that is written where it is used."""
    found: dict[str, Used] = {}
    for module in modules():
        tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
        uses: dict[str, set[str]] = {}
        for one in ast.walk(tree):
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
                uses.setdefault(one.value.id, set()).add(one.attr)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                only = uses.get(name, set())
                found[f"{module.__name__}.{name}"] = Used(value, not only or not only <= ANCHORED)
        for number, used in enumerate(_written(tree)):
            found[f"{module.__name__}:{number}:{used.pattern.pattern[:40]}"] = used
    return found


def _written(tree: ast.AST) -> Iterator[Used]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
            continue
        first, on, use = call.args[0], call.func.value, call.func.attr
        if (
            isinstance(on, ast.Name)
            and on.id == "re"
            and use in ANCHORED | SCANNING
            and isinstance(first, ast.Constant)
        ):
            flags = sum(int(getattr(re, flag)) for flag in _flags(call))
            yield Used(re.compile(str(first.value), flags), use in SCANNING)


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


def texts(pattern: re.Pattern[str], most: int = LETTERS) -> Iterator[str]:
    """Rows of what it speaks of, without the end that it looks for."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    known = list(dict.fromkeys([*letters(tree), *" a\n"]))[:14]
    begin = literals(tree)
    pairs = [known[at] + known[at + 1] for at in range(len(known) - 1)]
    for row in [*known, *pairs, begin or "x", "".join(known)]:
        whole = row * (most // len(row))
        yield begin + whole + "\0"
        yield whole[: most // 2] + "\0" + whole[: most // 2]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(patterns()))
def test_its_time_is_in_proportion(name: str) -> None:
    used = patterns()[name]
    for text in texts(used.pattern, BOUNDED.get(name, LETTERS)):
        begun = time.thread_time()
        if used.scanning:
            for _ in used.pattern.finditer(text):
                pass
        used.pattern.match(text)
        used.pattern.fullmatch(text)
        took = time.thread_time() - begun
        assert took < SECONDS, f"{used.pattern.pattern!r} took {took:.1f} s over {text[:60]!r}…"


def test_bad_ones_are_found() -> None:
    assert any(text.startswith("<!--<!--") for text in texts(re.compile(r"<!--.*?-->", re.DOTALL)))
    assert any(text.startswith("aaaaaaa") for text in texts(re.compile(r"(a|aa)+$")))
    assert any(text.startswith(" " * 9) for text in texts(re.compile(r"\s*\n")))
    assert len(patterns()) > 50
    assert patterns()["boardhand_operator.texts.form._WHY"].scanning
    assert not patterns()["boardhand_operator.texts.form._FENCE"].scanning

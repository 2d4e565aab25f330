"""As much of WIQL as the product asks with: AND, OR, brackets, and the operators of _OPERATORS.

Source: https://learn.microsoft.com/en-us/azure/devops/boards/queries/wiql-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from testbed.azure.state import Refused

_QUERY = re.compile(r"SELECT \[System\.Id\] FROM WorkItems WHERE (.+) ORDER BY \[System\.Id\]", re.DOTALL)
_TOKEN = re.compile(r"\s*(\[[^\]]+\]|'(?:[^']|'')*'|>=|<=|<>|=|\(|\)|,|\w+)")
Test = Callable[[Mapping[str, Any]], bool]


def compiled(query: str) -> Test:
    """Whether a work item's fields fit the query. Raises Refused (400)."""
    match = _QUERY.fullmatch(query.strip())
    if not match:
        raise _wrong(query)
    words = _TOKEN.findall(match[1])
    if _TOKEN.sub("", match[1]).strip():
        raise _wrong(match[1])
    parser = _Parser(words)
    test = parser.either()
    if parser.words:
        raise _wrong(parser.words[0])
    return test


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _wrong(near: str) -> Refused:
    text = f"TF51006: The query statement is missing or wrong near «{near[:80]}»"
    return Refused(400, text, "SyntaxException")


class _Parser:
    def __init__(self, words: list[str]) -> None:
        self.words = words

    def either(self) -> Test:
        tests = [self.both()]
        while self._taken("OR"):
            tests.append(self.both())
        return lambda fields: any(test(fields) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self._taken("AND"):
            tests.append(self.one())
        return lambda fields: all(test(fields) for test in tests)

    def one(self) -> Test:
        if self._taken("("):
            test = self.either()
            self._must(")")
            return test
        name = self._next()
        if not name.startswith("["):
            raise _wrong(name)
        return self._compared(name[1:-1], self._next().upper())

    def _compared(self, name: str, operator: str) -> Test:
        if operator == "IN":
            self._must("(")
            values = [self._value().casefold()]
            while self._taken(","):
                values.append(self._value().casefold())
            self._must(")")
            return lambda fields: str(fields.get(name, "")).casefold() in values
        value = self._value()
        if operator == "=":
            return lambda fields: str(fields.get(name, "")).casefold() == value.casefold()
        if operator == ">=":
            return lambda fields: name in fields and _moment(fields[name]) >= _moment(value)
        if operator == "UNDER":
            return lambda fields: (str(fields.get(name, "")) + "\\").casefold().startswith(value.casefold() + "\\")
        raise _wrong(operator)

    def _value(self) -> str:
        word = self._next()
        if not word.startswith("'"):
            raise _wrong(word)
        return word[1:-1].replace("''", "'")

    def _taken(self, word: str) -> bool:
        if self.words and self.words[0].upper() == word:
            self.words.pop(0)
            return True
        return False

    def _must(self, word: str) -> None:
        if not self._taken(word):
            raise _wrong(self.words[0] if self.words else "its end")

    def _next(self) -> str:
        if not self.words:
            raise _wrong("its end")
        return self.words.pop(0)

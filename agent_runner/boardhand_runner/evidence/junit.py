"""JUnit XML, written by code that nobody trusts: no document type, so no entity; bounded."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from boardhand_runner.evidence.reports import FAILED, PASSED, SKIPPED, Case

DEPTH = 20
FILE_BYTES = 16_000_000


class _Hostile(Exception):
    """The document is not one that a test runner writes."""


class _Cases:
    def __init__(self) -> None:
        self.found: list[Case] = []
        self._open: list[str] = []
        self._case: tuple[str, str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._open.append(tag)
        if len(self._open) > DEPTH:
            raise _Hostile
        if tag == "testcase":
            owner, name = attributes.get("classname", ""), attributes.get("name", "")
            self._case = (f"{owner}::{name}" if owner else name, PASSED)
        elif self._case and tag in ("failure", "error"):
            self._case = (self._case[0], FAILED)
        elif self._case and tag == "skipped" and self._case[1] == PASSED:
            self._case = (self._case[0], SKIPPED)

    def end(self, tag: str) -> None:
        self._open.pop()
        if tag == "testcase" and self._case:
            self.found.append(self._case)
            self._case = None

    def doctype(self, *_: object) -> None:
        raise _Hostile


def read_junit(document: bytes) -> Iterator[Case]:
    """The cases of a report; none where it is no JUnit XML, too long, or carries a document type."""
    cases = _Cases()
    parser = expat.ParserCreate()
    parser.StartElementHandler = cases.start
    parser.EndElementHandler = cases.end
    parser.StartDoctypeDeclHandler = cases.doctype
    try:
        if len(document) <= FILE_BYTES:
            parser.Parse(document, True)
            yield from cases.found
    except (expat.ExpatError, _Hostile, LookupError, ValueError):
        return

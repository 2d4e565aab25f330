"""Finds the tests in a source file.

Bounded and without errors: a file in no known language, too long or not to be parsed has no tests that are known.
"""

from __future__ import annotations

import re

from boardhand_runner.evidence import brace_tests, python_tests
from boardhand_runner.evidence.change import TestCase, language_of
from boardhand_runner.evidence.tokens import masked

FILE_CHARACTERS = 1_000_000


def test_cases(path: str, text: str | None) -> list[TestCase]:
    """The tests of a file, in order."""
    language = language_of(path)
    if text is None or language is None or len(text) > FILE_CHARACTERS:
        return []
    if language == "python":
        return list(python_tests.find(path, text))
    return list(brace_tests.find(path, text, language))


test_cases.__test__ = False  # type: ignore[attr-defined]


def skips_outside(path: str, text: str | None) -> int:
    """Marks that skip several tests at once: a class, a group, a whole file, or what is in other files."""
    language = language_of(path)
    if text is None or language is None or len(text) > FILE_CHARACTERS:
        return 0
    code = _code(text, language)
    return len(_GROUP_SKIPS[language].findall(code)) + skips_elsewhere(path, text)


def skips_elsewhere(path: str, text: str | None) -> int:
    """What skips tests of other files, or says how they are judged: a new file can do that, too."""
    language = language_of(path)
    if text is None or language is None or len(text) > FILE_CHARACTERS:
        return 0
    if language == "go":
        return len(_GO_EXIT.findall(text)) + ("func TestMain(" in text and ".Run()" not in text)
    if path.rpartition("/")[2] == "conftest.py":
        return len(_CONFTEST.findall(_code(text, language)))
    return 0


def _code(text: str, language: str) -> str:
    if language == "go":
        return text  # what a build needs is written in a comment
    return _GROUP_COMMENT.sub("", text) if language == "python" else masked(text, language)


_GROUP_COMMENT = re.compile(r"#[^\n]*")
_GROUP_SKIPS = {
    "python": re.compile(
        r"^pytestmark\s*=[^\n]*\b(?:skip|xfail)|allow_module_level|^(?:\w+\s*=\s*)?pytest\.importorskip\(|__test__\s*=\s*False"
        r"|^@[\w.]*(?:skip\w*|xfail)\b[^\n]*(?:\n@[^\n]*)*\nclass\b",
        re.MULTILINE,
    ),
    "java": re.compile(
        r"@(?:[\w.]{1,200}\.)?(?:Disabled|Ignore|Enabled(?:If|On|For))\w*(?:\s*\([^()]{0,500}\))?"
        r"(?:\s+|@[\w.]{1,200}(?:\([^()]{0,500}\))?(?=\s)|public\b|final\b){0,30}?\bclass\b"
    ),
    "js": re.compile(
        r"\b(?:describe|suite|context)\.(?:skip|only)\b|\bxdescribe\b|\bfdescribe\b|\b(?:it|test)\.only\b|\bfit\("
        r"|\b(?:describe|suite|context)\s*\([^(){}]{0,300},\s*\{[^{}]{0,300}\b(?:skip|todo)\s*:(?!\s*(?:false|undefined)\b)"
    ),
    "go": re.compile(r"^//go:build |^// \+build ", re.MULTILINE),
    "rust": re.compile(
        r"#!?\[cfg\((?:any\(\)|FALSE)|^#!\[cfg\("
        r"|#\[cfg\((?!test\)\])[^\]]{0,200}\]\s*(?:#\[test\]|mod\s+tests?\b)",
        re.MULTILINE,
    ),
    "cpp": re.compile(r"^#if 0\b", re.MULTILINE),
}
_GO_EXIT = re.compile(r"\bos\.Exit\(0\)")
_CONFTEST = re.compile(
    r"\bcollect_ignore|\bpytest\.(?:skip|xfail|exit)\(|\bmark\.(?:skip|xfail)|\b_exit\("
    r"|\bdef pytest_(?:collection_modifyitems|ignore_collect|collect_file|pycollect_\w+|pyfunc_call"
    r"|runtest_(?:protocol|makereport|call)|report_teststatus|sessionfinish)\b"
)

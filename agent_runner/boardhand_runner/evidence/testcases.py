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
    """Marks that skip several tests at once: a class, a group, a whole file."""
    language = language_of(path)
    if text is None or language is None or len(text) > FILE_CHARACTERS:
        return 0
    if language == "go":
        code = text  # what a build needs is written in a comment
    else:
        code = _GROUP_COMMENT.sub("", text) if language == "python" else masked(text, language)
    return len(_GROUP_SKIPS[language].findall(code))


_GROUP_COMMENT = re.compile(r"#[^\n]*")
_GROUP_SKIPS = {
    "python": re.compile(
        r"^pytestmark\s*=[^\n]*\b(?:skip|xfail)|allow_module_level|\bcollect_ignore|__test__\s*=\s*False"
        r"|^@[\w.]*(?:skip\w*|xfail)\b[^\n]*(?:\n@[^\n]*)*\nclass\b",
        re.MULTILINE,
    ),
    "java": re.compile(r"@(?:Disabled|Ignore)\b(?:\s*\([^()]*\))?(?:\s|@[\w.]+(?:\([^()]*\))?|public|final)*\bclass\b"),
    "js": re.compile(
        r"\b(?:describe|suite|context)\.(?:skip|only)\b|\bxdescribe\b|\bfdescribe\b|\b(?:it|test)\.only\b|\bfit\("
    ),
    "go": re.compile(r"\bos\.Exit\(0\)|^//go:build |^// \+build ", re.MULTILINE),
    "rust": re.compile(
        r"#!?\[cfg\((?:any\(\)|FALSE)|^#!\[cfg\("
        r"|#\[cfg\((?!test\)\])[^\]]{0,200}\]\s*(?:#\[test\]|mod\s+tests?\b)",
        re.MULTILINE,
    ),
    "cpp": re.compile(r"^#if 0\b", re.MULTILINE),
}

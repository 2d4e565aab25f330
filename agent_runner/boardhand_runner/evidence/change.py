"""A change as pairs of texts, which of its files are tests, and what is known of one test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_TEST_FILE = re.compile(
    r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_[^/]+$|_test\.[a-z]+$|(Tests?|IT|Spec)\.[a-z]+$"
    r"|\.(test|spec)\.[a-z]+$|(^|/)conftest\.py$"
)


@dataclass(frozen=True)
class FileChange:
    """One path that differs from the base; a moved file is two of them."""

    path: str
    before: str | None
    """Its text on the base; None where it was not there."""
    after: str | None
    """Its text now; None where it is gone."""


def is_test_file(path: str) -> bool:
    """Whether a file holds tests or serves them, by its path."""
    return _TEST_FILE.search(path) is not None


LANGUAGES = {
    "py": "python", "java": "java", "kt": "java", "js": "js", "jsx": "js", "ts": "js", "tsx": "js", "mjs": "js",
    "cjs": "js", "mts": "js", "cts": "js", "go": "go", "rs": "rust", "cpp": "cpp", "cc": "cpp", "cxx": "cpp",
    "c": "cpp", "h": "cpp", "hpp": "cpp",
}  # fmt: skip


@dataclass(frozen=True)
class TestCase:
    """One test as its source has it."""

    __test__ = False  # not a pytest class

    path: str
    name: str
    body: str
    skipped: bool
    asserts: bool
    parametrised: bool
    expects_failure: bool = False
    """It passes where its body fails."""
    certain: int = 0
    """Assertions that are nothing else."""
    likely: int = 0
    """What asserts by its name alone, asserts in a function of the file, or guards a step before the assertion."""


def language_of(path: str) -> str | None:
    """One of the languages whose tests are known."""
    return LANGUAGES.get(PurePosixPath(path).suffix.removeprefix("."))

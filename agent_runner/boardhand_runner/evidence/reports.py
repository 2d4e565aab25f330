"""What test runners report, test by test, in what they print. Pure; linear in the text; raises nothing.

Printed by the code under test, so it guides and explains, and proves nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LINE_CHARACTERS = 1000
TESTS = 50_000
"""More names than this are not kept."""
NAME_CHARACTERS = 300
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class TestReport:
    """Names of tests by their outcome; one that failed once has failed. Some runners name only what failed."""

    __test__ = False  # not a pytest class

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.passed or self.failed or self.skipped)

    def plus(self, other: TestReport) -> TestReport:
        """Both together."""
        failed = self.failed | other.failed
        passed = (self.passed | other.passed) - failed
        return TestReport(passed, failed, (self.skipped | other.skipped) - failed - passed)


Case = tuple[str, str]
"""Name and outcome."""


def report_of(cases: Iterable[Case]) -> TestReport:
    """The report of single outcomes."""
    found: dict[str, set[str]] = {PASSED: set(), FAILED: set(), SKIPPED: set()}
    for number, (name, outcome) in enumerate(cases):
        if number >= TESTS:
            break
        found[outcome].add(" ".join(name.split())[:NAME_CHARACTERS])
    return TestReport().plus(TestReport(*(frozenset(found[outcome]) for outcome in (PASSED, FAILED, SKIPPED))))


def read_output(text: str) -> TestReport:
    """The tests that a command's output names.

    Knows pytest, unittest, Maven, go test (-v and -json), cargo test, Jest, Vitest, node --test, Mocha, GoogleTest,
    CTest and TAP.
    """
    return report_of(_cases(text))


def _cases(text: str) -> Iterator[Case]:
    for raw in text.split("\n"):
        if raw.startswith('{"'):
            if case := _go_event(raw):
                yield case
            continue
        line = _COLOURS.sub("", raw[: LINE_CHARACTERS * 2]).rstrip()[:LINE_CHARACTERS]
        for form in _FORMS:
            if match := form.search(line):
                if case := _case(match):
                    yield case
                break


_COLOURS = re.compile(r"\x1b\[[0-9;]{0,16}m")
_WORDS = {
    "passed": PASSED, "pass": PASSED, "ok": PASSED, "xpass": PASSED, "✓": PASSED, "✔": PASSED, "√": PASSED,
    "failed": FAILED, "fail": FAILED, "error": FAILED, "not ok": FAILED, "✕": FAILED, "×": FAILED, "✖": FAILED,
    "●": FAILED, "failure": FAILED, "***failed": FAILED, "***timeout": FAILED, "***exception": FAILED,
    "***not run": FAILED,
    "skipped": SKIPPED, "skip": SKIPPED, "xfail": SKIPPED, "ignored": SKIPPED, "○": SKIPPED, "↓": SKIPPED,
    "﹣": SKIPPED, "***skipped": SKIPPED, "***not run (disabled)": SKIPPED,
}  # fmt: skip
_FORMS = tuple(
    re.compile(form)
    for form in (
        # pytest's summary, and each test with -v
        r"^(?P<word>PASSED|FAILED|ERROR|XPASS|SKIPPED|XFAIL) (?P<name>[^\s\[]\S*\.py(?:::.+?)?)(?: - .*)?$",
        r"^(?P<name>\S+\.py::.+?) (?P<word>PASSED|FAILED|ERROR|XPASS|SKIPPED|XFAIL)\b",
        # go test -v; cargo test
        r"^ *--- (?P<word>PASS|FAIL|SKIP): (?P<name>\S+) \(",
        r"^test (?P<name>\S.*?)(?: - should panic)? \.\.\. (?P<word>ok|FAILED|ignored)\b",
        # unittest
        r"^(?P<name>test\w* \([\w.]+\))(?: .*)? \.\.\. (?P<word>ok|FAIL|ERROR|skipped)\b",
        r"^(?P<word>FAIL|ERROR): (?P<name>test\w* \([\w.]+\))",
        # Maven: each test that failed
        r"^\[ERROR\] +(?P<name>[\w.$]+\.\w+(?:\([^)]*\))?(?:\[[^\]]*\])?) +(?:--? )?"
        r"Time elapsed: .*<<< (?P<word>FAILURE|ERROR)!",
        # GoogleTest, CTest
        r"^\[ *(?P<word>OK|FAILED|SKIPPED) *\] (?P<name>[\w/]+\.[\w/]+)(?:,| \(|$)",
        r"^ *[0-9]+/[0-9]+ Test +#[0-9]+: (?P<name>\S+) \.*\s*(?:[A-Z][a-z]+ [a-z]+)?"
        r"(?P<word>Passed|\*\*\*(?:Failed|Timeout|Exception|Skipped|Not Run(?: \(Disabled\))?))",
        # TAP
        r"^ *(?P<word>not ok|ok) [0-9]+(?: -)? (?P<name>[^#]+?)(?P<directive> *# *(?:SKIP|TODO)\b.*)?$",
        # Jest, Vitest, node --test, Mocha
        r"^ *(?P<word>[✓✔√✕×✖●○↓﹣]) (?P<name>\S.*?)(?: \(?[0-9.]+ ?m?s\)?)?$",
    )
)  # fmt: skip


def _case(match: re.Match[str]) -> Case | None:
    named = match.groupdict()
    outcome = _WORDS[named["word"].lower()]
    if (directive := named.get("directive")) and directive.strip():
        outcome = SKIPPED
    return named["name"], outcome


def _go_event(line: str) -> Case | None:
    """One line of go test -json."""
    try:
        event = json.loads(line[:65536])
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("Test"), str):
        return None
    outcome = {"pass": PASSED, "fail": FAILED, "skip": SKIPPED}.get(str(event.get("Action")))
    return (f"{event.get('Package', '')}::{event['Test']}", outcome) if outcome else None

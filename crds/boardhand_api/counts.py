"""Counts tests in what test runners print, and reads the verify stage's termination message.

Pure and bounded: whatever the text is, reading it takes time in proportion to its length and raises nothing. The
counts are for people, and for telling that nothing ran; they are printed by the code under test, so they prove nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from boardhand_api.base import Tolerant
from boardhand_api.result import TestCounts

LINE_CHARACTERS = 400
NO_TESTS_EXIT = 65
"""The verify stage's exit code where tests are required, every command ended with 0, and no test ran."""
OUTPUT_CHARACTERS = 2000
"""So much is kept of what the command printed that the verify stage ended with."""
_LARGEST = 10**9
_STEERING = ("Cc", "Cf", "Cs")
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,16}m")


class CommandOutcome(Tolerant):
    """What the verify stage said of one command."""

    setup: bool = False
    """A setup command; else a verify command."""
    index: Annotated[int, Field(ge=1)]
    """Its place among the setup or the verify commands, from 1."""
    exit_code: Annotated[int, Field(ge=0, le=255)]
    seconds: Annotated[int, Field(ge=0)]


def parse_verify_message(text: str) -> tuple[list[CommandOutcome], TestCounts | None]:
    """The commands that ran, in order, and the tests of all verify commands; None where no count is known."""
    outcomes: list[CommandOutcome] = []
    summaries: list[list[str]] = []
    for line in text.partition(_OUTPUT)[0].split("\n"):
        if command := _COMMAND.fullmatch(line):
            kind, index, code, seconds = command.groups()
            if int(code) <= 255 and int(index) >= 1:
                outcomes.append(
                    CommandOutcome(setup=kind == "setup", index=int(index), exit_code=int(code), seconds=int(seconds))
                )
                summaries.append([])
        elif line.startswith("summary ") and summaries:
            summaries[-1].append(line.removeprefix("summary "))
    counted = [_count(lines) for outcome, lines in zip(outcomes, summaries, strict=True) if not outcome.setup]
    return outcomes, _sum([counts for counts in counted if counts])


def parse_verify_output(text: str) -> str:
    """The end of what the command printed that the verify stage ended with; empty where every command passed."""
    return printable(text.partition(_OUTPUT)[2])[-OUTPUT_CHARACTERS:].strip("\n")


def printable(text: str) -> str:
    """The text without characters that only steer a terminal or a reader's eye; lines and tabs stay."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in _STEERING)


def count_tests(output: str) -> TestCounts | None:
    """The tests in the output of one command, all runners in it together; None where no count is known.

    Knows pytest, unittest, Maven Surefire, go test (counts with -v only), cargo test, Jest, Vitest, Mocha, node --test
    and TAP.
    """
    return _count(output.split("\n"))


_OUTPUT = "\noutput\n"
"""After it stands what the code under test printed, whatever it looks like."""
_COMMAND = re.compile(r"(setup|command) ([0-9]{1,6}) exit ([0-9]{1,3}) seconds ([0-9]{1,9})")

Counter = Callable[[Sequence[str]], TestCounts | None]


def _count(lines: Sequence[str]) -> TestCounts | None:
    plain = [_COLOURS.sub("", line[: LINE_CHARACTERS * 2]).rstrip()[:LINE_CHARACTERS] for line in lines]
    return _sum([counts for counter in _COUNTERS if (counts := counter(plain))])


def _sum(counts: Sequence[TestCounts]) -> TestCounts | None:
    if not counts:
        return None
    return _counts(sum(c.ran for c in counts), sum(c.failed for c in counts), sum(c.skipped for c in counts))


def _counts(ran: int, failed: int, skipped: int) -> TestCounts:
    return TestCounts(ran=max(0, min(ran, _LARGEST)), failed=min(failed, _LARGEST), skipped=min(skipped, _LARGEST))


def _before(line: str, *words: str) -> int:
    """The sum of the numbers that stand before these words."""
    found = re.findall(rf"\b([0-9]{{1,9}}) (?:{'|'.join(words)})\b", line)
    return sum(int(number) for number in found)


def _after(line: str, *words: str) -> int:
    """The sum of the numbers that follow these words."""
    found = re.findall(rf"\b(?:{'|'.join(words)})[:=]? {{0,4}}([0-9]{{1,9}})\b", line)
    return sum(int(number) for number in found)


def _each(lines: Sequence[str], pattern: re.Pattern[str], count: Callable[[str], TestCounts]) -> TestCounts | None:
    return _sum([count(line) for line in lines if pattern.search(line)])


_PYTEST = re.compile(
    r"^=*\s?(?:[0-9]{1,9} (?:passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?|reruns?)(?:[, ].*)?"
    r"|no tests ran.*) in [0-9.]{1,12}s\b"
)


def _pytest(lines: Sequence[str]) -> TestCounts | None:
    def count(line: str) -> TestCounts:
        failed = _before(line, "failed", "error", "errors")
        return _counts(failed + _before(line, "passed", "xfailed", "xpassed"), failed, _before(line, "skipped"))

    return _each(lines, _PYTEST, count)


_UNITTEST = re.compile(r"^Ran ([0-9]{1,9}) tests? in [0-9.]{1,12}s$")
_UNITTEST_END = re.compile(r"^(?:OK|FAILED|NO TESTS RAN)(?: \(.*\))?$")


def _unittest(lines: Sequence[str]) -> TestCounts | None:
    found, ran = [], None
    for line in lines:
        if start := _UNITTEST.match(line):
            ran = int(start[1])
        elif ran is not None and _UNITTEST_END.match(line):
            skipped = _after(line, "skipped")
            found.append(_counts(ran - skipped, _after(line, "failures", "errors", "unexpected successes"), skipped))
            ran = None
    return _sum(found)


_SUREFIRE = re.compile(r"Tests run: {0,4}[0-9]{1,9}, Failures: [0-9]{1,9}, Errors: [0-9]{1,9}, Skipped: [0-9]{1,9}$")


def _surefire(lines: Sequence[str]) -> TestCounts | None:
    """The totals; the line of a class goes on with its time."""

    def count(line: str) -> TestCounts:
        skipped = _after(line, "Skipped")
        return _counts(_after(line, "Tests run") - skipped, _after(line, "Failures", "Errors"), skipped)

    if counts := _each(lines, _SUREFIRE, count):
        return counts
    return _counts(0, 0, 0) if any(line.endswith("No tests to run.") for line in lines) else None


_GO_CASE = re.compile(r"^--- (PASS|FAIL|SKIP): ")
_GO_PACKAGE = re.compile(r"^(?:ok  |FAIL|\?   )\t\S")
_GO_TOTAL = re.compile(r"^go test: [0-9]{1,9} passed, [0-9]{1,9} failed, [0-9]{1,9} skipped$")


def _go(lines: Sequence[str]) -> TestCounts | None:
    """Test functions with -v; without it, only that there were none."""
    if counts := _each(lines, _GO_TOTAL, _total):
        return counts
    cases = [match[1] for line in lines if (match := _GO_CASE.match(line))]
    if cases:
        failed = cases.count("FAIL")
        return _counts(cases.count("PASS") + failed, failed, cases.count("SKIP"))
    packages = [line for line in lines if _GO_PACKAGE.match(line)]
    none = all(line.endswith(("[no test files]", "[no tests to run]")) for line in packages)
    return _counts(0, 0, 0) if packages and none else None


def _total(line: str) -> TestCounts:
    """A total as the verify stage writes it for what is reported case by case."""
    failed = _before(line, "failed")
    return _counts(_before(line, "passed") + failed, failed, _before(line, "skipped"))


_CARGO = re.compile(r"^test result: (?:ok|FAILED)\. [0-9]{1,9} passed; [0-9]{1,9} failed; [0-9]{1,9} ignored")


def _cargo(lines: Sequence[str]) -> TestCounts | None:
    def count(line: str) -> TestCounts:
        failed = _before(line, "failed")
        return _counts(_before(line, "passed") + failed, failed, _before(line, "ignored"))

    return _each(lines, _CARGO, count)


_JEST = re.compile(r"^\s{0,8}Tests:?\s{1,8}[0-9]{1,9} (?:failed|passed|skipped|todo|total)\b")
_JEST_NONE = re.compile(r"^No test(?:s| files) found, exiting with code")


def _jest(lines: Sequence[str]) -> TestCounts | None:
    """Jest and Vitest."""
    if counts := _each(lines, _JEST, _total):
        return counts
    return _counts(0, 0, 0) if any(_JEST_NONE.match(line) for line in lines) else None


_MOCHA = re.compile(r"^\s{0,8}([0-9]{1,9}) (passing|failing|pending)\b")


def _mocha(lines: Sequence[str]) -> TestCounts | None:
    found = [(int(match[1]), match[2]) for line in lines if (match := _MOCHA.match(line))]
    if not any(word == "passing" for _, word in found):
        return None
    failed = sum(number for number, word in found if word == "failing")
    passed = sum(number for number, word in found if word == "passing")
    return _counts(passed + failed, failed, sum(number for number, word in found if word == "pending"))


_NODE = re.compile(r"^(?:#|\u2139) (tests|pass|fail|cancelled|skipped|todo) ([0-9]{1,9})$")
_TAP = re.compile(r"^(not )?ok [0-9]{1,9}\b(.*)$")
_TAP_PLAN = re.compile(r"^1\.\.([0-9]{1,9})\b")
_TAP_TOTAL = re.compile(r"^TAP: [0-9]{1,9} passed, [0-9]{1,9} failed, [0-9]{1,9} skipped$")


def _tap(lines: Sequence[str]) -> TestCounts | None:
    """node --test by its own totals, else TAP by its lines."""
    totals = [(match[1], int(match[2])) for line in lines if (match := _NODE.match(line))]
    if any(word == "tests" for word, _ in totals):

        def of(*words: str) -> int:
            return sum(number for word, number in totals if word in words)

        return _counts(of("pass", "fail", "cancelled"), of("fail", "cancelled"), of("skipped", "todo"))
    if counts := _each(lines, _TAP_TOTAL, _total):
        return counts
    cases = [match for line in lines if (match := _TAP.match(line))]
    if not cases or not any(_TAP_PLAN.match(line) for line in lines):
        return _counts(0, 0, 0) if any(line.startswith("1..0") for line in lines) else None
    skipped = [bool(re.search(r"# *(?:skip|todo)", case[2], re.IGNORECASE)) for case in cases]
    failed = sum(bool(case[1]) and not skip for case, skip in zip(cases, skipped, strict=True))
    return _counts(len(cases) - sum(skipped), failed, sum(skipped))


_COUNTERS: tuple[Counter, ...] = (_pytest, _unittest, _surefire, _go, _cargo, _jest, _mocha, _tap)

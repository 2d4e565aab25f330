"""What a change does to the tests that were there. Pure; an honest move, rename or merge is none of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from boardhand_runner.evidence.change import FileChange, TestCase, is_test_file, language_of
from boardhand_runner.evidence.configuration import is_ci, verify_changed
from boardhand_runner.evidence.testcases import skips_elsewhere, skips_outside, test_cases
from boardhand_runner.evidence.tokens import literals, words

COMPARED = 400
"""More tests than this on one side are only compared by name."""
ALIKE, ABSORBED = 0.7, 0.6


class Kind(StrEnum):
    """What was done."""

    DELETED = "TestDeleted"
    SKIPPED = "TestSkipped"
    WEAKENED = "AssertionsRemoved"
    VERIFY = "VerifyChanged"
    CI = "CiChanged"


@dataclass(frozen=True)
class Tampering:
    """One thing a reviewer must not miss."""

    kind: Kind
    path: str
    detail: str = ""
    """The test, or what of the file."""


@dataclass
class Pairs:
    """Tests of the base and what became of them."""

    kept: list[tuple[TestCase, TestCase]] = field(default_factory=list)
    removed: list[TestCase] = field(default_factory=list)
    added: list[TestCase] = field(default_factory=list)


def tampering(changes: Sequence[FileChange], verify: Sequence[str] = (), workdir: str = "") -> list[Tampering]:
    """What the change takes from the tests, in the order of its files. `verify` are the verify commands, which start in
    `workdir`."""
    pairs = paired(changes)
    found: dict[str, list[Tampering]] = defaultdict(list)
    for case in pairs.removed:
        found[case.path].append(Tampering(Kind.DELETED, case.path, case.name))
    for before, after in pairs.kept:
        if after.skipped and not before.skipped:
            found[after.path].append(Tampering(Kind.SKIPPED, after.path, after.name))
        elif _weakened(before, after):
            found[after.path].append(Tampering(Kind.WEAKENED, after.path, after.name))
    for change in changes:
        found[change.path] += _of_file(change, changes, verify, workdir)
    return list(dict.fromkeys(one for change in changes for one in found.pop(change.path, [])))


def _weakened(before: TestCase, after: TestCase) -> bool:
    """No assertion is left, or none but what stood beside them before: a function that sets up may assert, too.

    Nor may the same body fail now for the test to pass.
    """
    if after.expects_failure and not before.expects_failure and after.body == before.body:
        return True
    bare = before.certain > 0 and after.certain == 0 and after.likely <= before.likely
    return before.asserts and (bare or not after.asserts)


def paired(changes: Sequence[FileChange]) -> Pairs:
    """Tests by what became of them: by place and name, by name, by what they say, else removed or added."""
    before = [case for change in changes if _may_test(change.path) for case in test_cases(change.path, change.before)]
    after = [case for change in changes if _may_test(change.path) for case in test_cases(change.path, change.after)]
    pairs = Pairs(removed=before, added=after)
    _pair(pairs, lambda case: (case.path, case.name))
    _pair(pairs, lambda case: ("", case.name))
    if max(len(pairs.removed), len(pairs.added)) <= COMPARED:
        _pair_alike(pairs)
        grown = [(words(new.body) - words(old.body), new) for old, new in pairs.kept if new.body != old.body]
        grown += [(words(new.body), new) for new in pairs.added]
        pairs.removed = [case for case in pairs.removed if not any(_absorbs(extra, new, case) for extra, new in grown)]
    return pairs


def new_tests(changes: Sequence[FileChange]) -> list[str]:
    """Names of the tests that the change adds or changes, and test files of languages whose tests are not known."""
    pairs = paired(changes)
    changed = [new for old, new in pairs.kept if words(new.body) != words(old.body)]
    named = [f"{case.path}::{case.name}" for case in [*pairs.added, *changed] if not case.skipped]
    files = [
        change.path
        for change in changes
        if change.after is not None and is_test_file(change.path) and language_of(change.path) is None
    ]
    return sorted(dict.fromkeys([*named, *files]))


def _may_test(path: str) -> bool:
    """Rust keeps tests beside the code."""
    return is_test_file(path) or language_of(path) == "rust"


def _pair(pairs: Pairs, key: Callable[[TestCase], tuple[str, str]]) -> None:
    there: dict[tuple[str, str], list[TestCase]] = defaultdict(list)
    for case in pairs.added:
        there[key(case)].append(case)
    left = []
    for case in pairs.removed:
        if same := there[key(case)]:
            pairs.kept.append((case, same.pop(0)))
        else:
            left.append(case)
    taken = {id(new) for _, new in pairs.kept}
    pairs.removed, pairs.added = left, [case for case in pairs.added if id(case) not in taken]


def _pair_alike(pairs: Pairs) -> None:
    """Renamed tests: mostly the same words, and at least half of the same values."""
    told = [(words(case.body), case) for case in pairs.added]
    left = []
    for case in pairs.removed:
        mine = words(case.body)
        best = max(told, key=lambda one: _alike(mine, one[0]), default=None)
        if best is None or _alike(mine, best[0]) < ALIKE or _alike(literals(mine), literals(best[0])) < 0.5:
            left.append(case)
            continue
        told.remove(best)
        pairs.kept.append((case, best[1]))
    pairs.removed, pairs.added = left, [case for _, case in told]


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that both have, 0 to 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def _absorbs(extra: Counter[str], into: TestCase, case: TestCase) -> bool:
    """Whether a new or grown test took a removed one in: it asserts, and holds its values and most of its words."""
    mine, there = words(case.body), words(into.body)
    values = literals(mine)
    enough = set(mine) & set(there)
    return (
        into.asserts
        and not into.skipped
        and bool(values)
        and set(values) <= set(literals(extra))
        and len(enough) >= ABSORBED * len(set(mine))
    )


def _of_file(change: FileChange, changes: Sequence[FileChange], verify: Sequence[str], workdir: str) -> list[Tampering]:
    if is_ci(change.path):
        return [Tampering(Kind.CI, change.path)]
    if what := verify_changed(change, verify, workdir):
        return [Tampering(Kind.VERIFY, change.path, what)]
    if change.after is None:
        known = test_cases(change.path, change.before) or not is_test_file(change.path) or _moved(change, changes)
        return [] if known else [Tampering(Kind.DELETED, change.path)]
    if not _may_test(change.path):
        return []
    counted = skips_elsewhere if change.before is None else skips_outside
    skips = counted(change.path, change.after) > counted(change.path, change.before)
    return [Tampering(Kind.SKIPPED, change.path, "several tests at once")] if skips else []


def _moved(change: FileChange, changes: Sequence[FileChange]) -> bool:
    """Whether most of a deleted file's words stand in a file that is new; a file without words is no loss."""
    mine = words(change.before or "")
    new = islice((words(other.after) for other in changes if other.before is None and other.after), COMPARED)
    return not (change.before or "").strip() or any(_alike(mine, there) >= ALIKE for there in new)

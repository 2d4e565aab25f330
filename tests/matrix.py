"""`make matrix`: each case of the behaviour suites at each board and forge, as tables and in build/matrix.json.

A pytest plugin (`-p tests.matrix`). A column is a class that inherits BoardBehaviour or ForgeBehaviour, named by its
attribute `vendor`; a row is a case of that suite, its parameters together. A dash stands where the vendor has no such
thing: the case is named after one of THINGS that the bench's `has` leaves out, or it says so itself with
`record_property("absent", WHAT)`; what it asserts then is that nothing is made up. The run fails where a case is red or
was not run, and where a board or forge that is registered as an entry point has no column.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from io import StringIO
from typing import Any, Literal

import pytest
from rich.console import Console
from rich.table import Column, Table

SUITES = {"BoardBehaviour": "boards", "ForgeBehaviour": "forges"}
"""The suites' classes, and what their columns are."""
THINGS = ("checklists", "attachments", "links", "priority")
FILE = "build/matrix.json"
_SIGNS = {"passed": "✓", "failed": "✗", "absent": "–", "not run": "?"}
_PLACE = "matrix"

Outcome = Literal["passed", "failed", "absent", "not run"]


@dataclass
class Matrix:
    """What came of each case at each vendor of one suite."""

    kind: str
    registered: Mapping[str, str]
    """Names of entry points to what they load."""
    cells: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    """Case to vendor to outcome."""
    order: dict[str, int] = field(default_factory=dict)
    """Where each case stands in its suite."""
    vendors: set[str] = field(default_factory=set)

    def note(self, case: str, vendor: str, outcome: Outcome, place: int = 0) -> None:
        """One part of a case (a parameter, a phase) is done: the worst of them counts."""
        self.vendors.add(vendor)
        self.order[case] = place
        row = self.cells.setdefault(case, {})
        before = row.get(vendor, outcome)
        row[vendor] = max(before, outcome, key=("absent", "passed", "failed").index)

    def outcome(self, case: str, vendor: str) -> Outcome:
        """ "not run" where the case came elsewhere and not here."""
        return self.cells[case].get(vendor, "not run")

    def cases(self) -> list[str]:
        """In the suite's order."""
        return sorted(self.cells, key=lambda case: (self.order[case], case))

    def names(self, vendor: str) -> list[str]:
        """The vendor and the other names under which the same class is registered."""
        loads = self.registered.get(vendor)
        return [vendor, *(name for name, other in self.registered.items() if other == loads and name != vendor)]

    def columns(self) -> list[str]:
        """Vendors as they are registered, those that are not (the docs' example) last."""
        order = list(self.registered)
        return sorted(self.vendors, key=lambda name: (order.index(name) if name in order else len(order), name))

    def problems(self) -> list[str]:
        """What is wrong beside the cases that pytest itself names."""
        covered = {name for vendor in self.vendors for name in self.names(vendor)}
        missing = [name for name in self.registered if name not in covered]
        gaps = [
            f"registered in boardhand.{self.kind} and without a column: {', '.join(missing)}; for each a class that "
            "inherits the behaviour suite is wanted, with its name as `vendor`"
        ]
        left = [
            f"{vendor}: case {case} was not run"
            for case in self.cases()
            for vendor in self.columns()
            if self.outcome(case, vendor) == "not run"
        ]
        return (gaps if missing else []) + left

    def count(self, outcome: Outcome, vendors: Iterable[str]) -> int:
        """Cells of these columns with this outcome."""
        there = list(vendors)
        return sum(self.outcome(case, vendor) == outcome for case in self.cases() for vendor in there)

    def table(self) -> Table:
        """Rows of signs, and how many of each column passed."""
        vendors = self.columns()
        totals = ", ".join(
            f"{count} {sign}"
            for name, sign in _SIGNS.items()
            if (count := self.count(name, vendors))  # type: ignore[arg-type]
        )
        heads = [Column("\n".join(self.names(vendor)).replace("-", "-\n"), justify="center") for vendor in vendors]
        title = f"{self.kind}: {len(vendors)} × {len(self.cells)} cases: {totals or 'none'}"
        table = Table("case", *heads, title=title, title_justify="left")
        for case in self.cases():
            signs = [_SIGNS[self.outcome(case, vendor)] for vendor in vendors]
            table.add_row(case.removeprefix("test_").replace("_", " "), *signs)
        table.add_section()
        table.add_row("passed", *(str(self.count("passed", [vendor])) for vendor in vendors))
        return table

    def data(self) -> dict[str, Any]:
        """As it stands in FILE."""
        vendors = self.columns()
        return {
            "columns": {vendor: self.names(vendor) for vendor in vendors},
            "totals": {name: self.count(name, vendors) for name in _SIGNS},  # type: ignore[arg-type]
            "cases": {case: {vendor: self.outcome(case, vendor) for vendor in vendors} for case in self.cases()},
            "problems": self.problems(),
        }


def place_of(cls: type, case: str) -> tuple[str, str, str, int] | None:
    """Kind, vendor and case of a test of this class, and how many cases come before; None where it is no case."""
    suite = next((base for base in cls.__mro__ if base.__name__ in SUITES), None)
    if suite is None or suite is cls or not hasattr(suite, case):
        return None
    kind = SUITES[suite.__name__]
    named = getattr(cls, "vendor", None) or _named_after(cls.__module__, registered()[kind])
    cases = [name for part in suite.__mro__ for name in vars(part) if name.startswith("test_")]
    return kind, str(named), case, cases.index(case)


def _named_after(module: str, known: Collection[str]) -> str:
    """The vendor that test_<vendor>_behaviour names, without further words where it is known without them."""
    words = module.rpartition(".")[2].removeprefix("test_").removesuffix("_behaviour").split("_")
    shorter = ("-".join(words[:end]) for end in range(len(words), 0, -1))
    return next((name for name in shorter if name in known), "-".join(words))


class Plugin:
    """Collects reports where the tests run, or where xdist brings them together."""

    def __init__(self, registered: Mapping[str, Mapping[str, str]]) -> None:
        self.matrices = {kind: Matrix(kind, registered[kind]) for kind in SUITES.values()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said: dict[str, Any] = dict(report.user_properties)
        if _PLACE not in said or not (report.when == "call" or report.failed):
            return
        kind, vendor, case, place = said[_PLACE]
        fine: Outcome = "absent" if "absent" in said else "passed"
        self.matrices[kind].note(case, vendor, fine if report.passed else "failed", place)

    def problems(self) -> list[str]:
        return [problem for matrix in self.matrices.values() for problem in matrix.problems()]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        file = session.config.rootpath / FILE
        file.parent.mkdir(exist_ok=True)
        told = {kind: matrix.data() for kind, matrix in self.matrices.items()}
        file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        if self.problems():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for matrix in self.matrices.values():
            # A table that a narrow terminal breaks is no table: it is as wide as its words.
            page = Console(file=StringIO(), width=400)
            page.print(matrix.table())
            terminalreporter.write("\n" + page.file.getvalue())  # type: ignore[attr-defined]
        for problem in self.problems():
            terminalreporter.write_line(f"matrix: {problem}", red=True)


@cache
def registered() -> dict[str, dict[str, str]]:
    """By kind: names of the entry points to what they load, in the alphabet's order."""
    return {
        kind: {entry.name: entry.value for entry in sorted(entry_points(group=f"boardhand.{kind}"))}
        for kind in SUITES.values()
    }


def pytest_configure(config: pytest.Config) -> None:
    """Reports come together in the controller; a worker of xdist only says where its tests belong."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Plugin(registered()), "matrix-tables")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each case its place, which its reports carry."""
    if isinstance(item, pytest.Function) and item.cls and (place := place_of(item.cls, item.originalname)):
        item.user_properties.append((_PLACE, place))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Note where the vendor has nothing of what the case is about."""
    has = getattr(getattr(item, "funcargs", {}).get("bench"), "has", None)
    if has is not None and isinstance(item, pytest.Function):
        lacking = [thing for thing in THINGS if thing in item.originalname.split("_") and thing not in has]
        item.user_properties.extend(("absent", thing) for thing in lacking)

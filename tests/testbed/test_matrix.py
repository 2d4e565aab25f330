"""The matrix of boards and forges: what it shows, and what it does not let pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.matrix import Matrix, place_of

REGISTERED = {"boat": "fleet:Boat", "ferry": "fleet:Boat", "plane": "fleet:Plane"}


class BoardBehaviour:
    def test_it_floats(self) -> None: ...


class TestBoat(BoardBehaviour):
    vendor = "boat"

    def test_of_its_own(self) -> None: ...


class TestNamed(BoardBehaviour):
    """Its module tells the vendor."""


def test_a_case_of_the_suite_has_a_place_and_a_classes_own_has_none() -> None:
    place = place_of(TestBoat, "test_it_floats")
    assert place is not None
    assert place == ("boards", "boat", "test_it_floats", 0)
    assert place_of(TestBoat, "test_of_its_own") is None
    assert place_of(BoardBehaviour, "test_it_floats") is None
    assert place_of(Matrix, "test_it_floats") is None


@pytest.mark.parametrize(
    ("module", "vendor"),
    [
        ("tests.contract.test_sea_plane_behaviour", "sea-plane"),
        ("test_trello_standin_behaviour", "trello"),
        ("test_github_projects_behaviour", "github-projects"),
    ],
)
def test_without_the_attribute_the_modules_name_is_the_vendor(
    module: str, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TestNamed, "__module__", module)
    place = place_of(TestNamed, "test_it_floats")
    assert place is not None
    assert place[1] == vendor


def test_the_worst_of_a_cases_parts_counts() -> None:
    matrix = Matrix("boards", REGISTERED)
    matrix.note("test_it_floats", "boat", "passed")
    matrix.note("test_it_floats", "boat", "failed")
    matrix.note("test_it_floats", "boat", "passed")
    matrix.note("test_it_floats", "plane", "absent")
    matrix.note("test_it_floats", "plane", "passed")
    assert matrix.data()["cases"] == {"test_it_floats": {"boat": "failed", "plane": "passed"}}
    assert matrix.data()["totals"] == {"passed": 1, "failed": 1, "absent": 0, "not run": 0}


def test_a_class_is_the_column_of_all_its_names_and_what_has_none_is_wrong() -> None:
    matrix = Matrix("boards", REGISTERED)
    matrix.note("test_it_floats", "boat", "passed")
    assert matrix.names("boat") == ["boat", "ferry"]
    (problem,) = matrix.problems()
    assert "registered in boardhand.boards and without a column: plane;" in problem
    matrix.note("test_it_floats", "plane", "absent")
    matrix.note("test_it_floats", "kite", "passed")
    assert matrix.problems() == []
    assert matrix.columns() == ["boat", "plane", "kite"]


def test_a_case_that_was_not_run_is_wrong() -> None:
    matrix = Matrix("boards", {})
    matrix.note("test_it_floats", "boat", "passed", 2)
    matrix.note("test_it_sinks", "boat", "passed", 1)
    matrix.note("test_it_floats", "plane", "passed", 2)
    assert matrix.cases() == ["test_it_sinks", "test_it_floats"]
    assert matrix.problems() == ["plane: case test_it_sinks was not run"]


SUITE = """
import pytest

class BoardBehaviour:
    @pytest.fixture
    def bench(self):
        return self

    def test_it_has_links(self, bench):
        assert bench.has is not None

    def test_it_sinks(self, record_property):
        record_property("absent", "a keel")

    @pytest.mark.parametrize("wind", [1, 2])
    def test_it_floats(self, wind):
        assert wind < self.strength

class TestBoat(BoardBehaviour):
    vendor, strength, has = "boat", 3, {"links"}

class TestPlane(BoardBehaviour):
    vendor, strength, has = "plane", 2, set()
"""


@pytest.mark.slow
def test_two_workers_make_one_table(tmp_path: Path) -> None:
    (tmp_path / "test_fleet.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "tests.matrix", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    told = json.loads((tmp_path / "build" / "matrix.json").read_text())["boards"]
    floats = {"boat": "passed", "plane": "failed"}
    assert list(told["cases"].items()) == [
        ("test_it_has_links", {"boat": "passed", "plane": "absent"}),
        ("test_it_sinks", dict.fromkeys(floats, "absent")),
        ("test_it_floats", floats),
    ]
    assert "│ it floats    │  ✓   │   ✗   │" in done.stdout
    assert "│ it has links │  ✓   │   –   │" in done.stdout
    # Neither is one of those that are registered.
    assert "registered in boardhand.boards and without a column: " in done.stdout
    assert done.returncode == 1

"""The red team's pure parts: what counts as stopped, and that every attack can be told from the others."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from testbed.redteam import suite, table
from testbed.redteam.attack import Attack, Outcome, Row

STOPPED = Row("a", reached=False, said="Refused: SecretFound")


def attack(*outcomes: Outcome | Exception) -> Attack:
    left = list(outcomes)

    def run() -> Outcome:
        now = left.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    off = run if len(outcomes) > 1 else None
    return Attack("a", "something", run, off, "the guard" if off else "")


@pytest.mark.parametrize(
    ("row", "stopped"),
    [
        (STOPPED, True),
        (replace(STOPPED, guard_off_reached=True), True),
        (replace(STOPPED, guard_off_reached=False), False),
        (replace(STOPPED, reached=True), False),
        (replace(STOPPED, said=""), False),
        (replace(STOPPED, broken="OSError"), False),
    ],
)
def test_stopped_is_tried_and_told_of_and_by_its_guard(row: Row, stopped: bool) -> None:
    assert row.stopped is stopped


def test_a_row_has_both_outcomes() -> None:
    row = suite.tried(attack(Outcome(False, "Stuck"), Outcome(True, "")))
    assert (row.reached, row.said, row.guard_off_reached, row.stopped) == (False, "Stuck", True, True)


@pytest.mark.parametrize("outcomes", [[ValueError("no")], [Outcome(False, "Stuck"), ValueError("no")]])
def test_an_attack_that_breaks_is_not_stopped(outcomes: list[Outcome | Exception]) -> None:
    (row,) = suite.rows([replace(attack(*outcomes), cluster=True)], 1)
    assert row.broken == "ValueError: no"
    assert not row.stopped


def test_the_file_has_the_four_fields_and_calls_reached_what_was_never_tried() -> None:
    rows = [replace(STOPPED, attack="b", broken="OSError", said=""), STOPPED]
    assert json.loads(table.as_json(rows)) == [
        {"attack": "a", "reached": False, "said": "Refused: SecretFound", "guard_off_reached": None},
        {"attack": "b", "reached": True, "said": "not tried: OSError", "guard_off_reached": None},
    ]


def test_a_guard_that_is_switched_off_has_a_name() -> None:
    with pytest.raises(ValueError, match="go together"):
        Attack("a", "something", lambda: Outcome(False, ""), lambda: Outcome(True, ""))


def test_attacks_are_told_apart_and_chosen_by_name() -> None:
    every = suite.attacks()
    assert all(attack.wants and name == name.lower() for name, attack in every.items())
    assert [one.name for one in suite.chosen(["hook-in-the-git"])] == ["hook-in-the-git-folder"]
    assert not any(attack.cluster for attack in suite.chosen([], cluster=False))

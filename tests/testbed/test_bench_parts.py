"""The bench loses nothing that was measured, and says which parts there are."""

from __future__ import annotations

import pytest

from testbed.bench.__main__ import PARTS, SETS, main, measured
from testbed.bench.rows import Row, row
from testbed.shell import TestbedError


def test_a_part_that_fails_takes_no_other_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    def good() -> list[Row]:
        return [row("it", [1.0, 2.0, 3.0], 2.5)]

    def bad() -> list[Row]:
        raise TestbedError("the cluster is gone")

    rows, failed = measured([good, bad, good])
    assert [one.value for one in rows] == [2.0, 2.0] and failed
    assert "the cluster is gone" in capsys.readouterr().err
    assert measured([good])[1] is False


def test_parts_are_named_where_one_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["growht"]) == 2
    said = capsys.readouterr().err
    assert "there is no part growht" in said
    assert all(name in said for name in (*PARTS, *SETS))

from datetime import time

import pytest

from ferry import BadLine, Departure, parse


def test_a_line_is_a_departure():
    assert parse("07:30 Northport\n").departures == [Departure(time(7, 30), "Northport")]


def test_via_is_kept_apart():
    (departure,) = parse("12:05 Northport via Gull Island").departures
    assert (departure.destination, departure.via) == ("Northport", "Gull Island")


def test_comments_and_empty_lines_are_left_out():
    assert parse("# summer\n\n09:00 Skerry # daily\n").departures == [Departure(time(9), "Skerry")]


@pytest.mark.parametrize("line", ["7:30 Northport", "07:30", "25:00 Northport", "Northport 07:30"])
def test_what_is_no_departure_is_told_with_its_line(line):
    with pytest.raises(BadLine, match="line 2"):
        parse(f"08:00 Skerry\n{line}\n")

from datetime import datetime

import pytest

from ferry import BadLine, parse

FRIDAY = datetime(2024, 7, 5)
SATURDAY = datetime(2024, 7, 6)
LINES = "07:30 Northport [weekdays]\n10:00 Gull Island via Skerry [weekends]\n18:45 Skerry\n"


def names(day):
    return [departure.destination for departure in parse(LINES).on(day)]


def test_each_day_has_its_boats():
    assert names(FRIDAY) == ["Northport", "Skerry"]
    assert names(SATURDAY) == ["Gull Island", "Skerry"]


def test_destination_and_via_do_not_hold_the_brackets():
    (gull,) = [one for one in parse(LINES).on(SATURDAY) if one.via]
    assert (gull.destination, gull.via) == ("Gull Island", "Skerry")


def test_next_looks_over_the_weekend():
    weekdays = parse("07:30 Northport [weekdays]\n")
    leaves, _ = weekdays.next_after(FRIDAY.replace(hour=9))
    assert leaves == datetime(2024, 7, 8, 7, 30)
    leaves, _ = parse("10:00 Skerry [weekends]").next_after(datetime(2024, 7, 7, 11))
    assert leaves == datetime(2024, 7, 13, 10)


def test_plain_lines_stay_daily():
    assert len(parse("07:30 Northport").on(SATURDAY)) == 1
    assert parse("").next_after(FRIDAY) is None


def test_another_word_is_no_service():
    with pytest.raises(BadLine, match="line 1"):
        parse("07:30 Northport [mondays]")

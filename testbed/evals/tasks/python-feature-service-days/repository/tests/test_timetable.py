from datetime import datetime

from ferry import parse

HARBOUR = parse("12:05 Northport\n07:30 Northport\n18:45 Skerry\n")
MONDAY = datetime(2024, 7, 1)


def test_departures_are_in_order():
    assert [departure.at.hour for departure in HARBOUR.on(MONDAY)] == [7, 12, 18]


def test_next_is_the_first_at_or_after_the_moment():
    leaves, departure = HARBOUR.next_after(MONDAY.replace(hour=12, minute=5))
    assert (leaves, departure.destination) == (MONDAY.replace(hour=12, minute=5), "Northport")


def test_after_the_last_boat_comes_tomorrow():
    leaves, _ = HARBOUR.next_after(MONDAY.replace(hour=19))
    assert leaves == datetime(2024, 7, 2, 7, 30)


def test_an_empty_timetable_has_no_next():
    assert parse("").next_after(MONDAY) is None

from datetime import date

from weather.means import Day, daily
from weather.readings import read

HEAD = "at,temperature,wind,direction"


def of(*rows: str) -> Day:
    (day,) = daily(read([HEAD, *rows])).values()
    return day


def test_temperature_and_wind_are_plain_means():
    day = of("2024-05-01T00:00,10,2,90", "2024-05-01T12:00,21.5,5,90")
    assert (day.temperature, day.wind) == (15.8, 3.5)


def test_days_are_kept_apart_and_in_order():
    days = daily(read([HEAD, "2024-05-02T00:00,1,1,0", "2024-05-01T23:59,2,1,0"]))
    assert list(days) == [date(2024, 5, 1), date(2024, 5, 2)]


def test_direction_is_a_mean_of_what_blows():
    assert of("2024-05-01T00:00,10,2,80", "2024-05-01T06:00,10,2,100", "2024-05-01T12:00,10,0,355").direction == 90


def test_directions_in_the_west_stay_positive():
    assert of("2024-05-01T00:00,10,2,260", "2024-05-01T06:00,10,2,280").direction == 270


def test_a_still_day_has_no_direction():
    assert of("2024-05-01T00:00,10,0,0").direction is None

import pytest

from weather.means import daily
from weather.readings import read


def direction(*degrees, wind=3):
    rows = [f"2024-05-01T0{hour}:00,10,{wind},{value}" for hour, value in enumerate(degrees)]
    (day,) = daily(read(["at,temperature,wind,direction", *rows])).values()
    return day.direction


@pytest.mark.parametrize(
    ("degrees", "mean"), [((350, 10), 0), ((350, 20), 5), ((340, 10), 355), ((170, 190), 180), ((260, 280), 270)]
)
def test_the_mean_lies_between(degrees, mean):
    assert direction(*degrees) == mean


def test_it_is_never_360():
    assert direction(359.9, 359.9) == 0


def test_a_still_day_has_none():
    assert direction(10, 20, wind=0) is None

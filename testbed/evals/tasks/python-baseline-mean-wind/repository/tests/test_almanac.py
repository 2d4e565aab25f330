from datetime import date

import pytest

from weather.almanac import sunrise


def test_at_the_equator_the_sun_rises_at_six():
    assert sunrise(date(2024, 3, 20), 0.0) == pytest.approx(6.0)


def test_beyond_the_polar_circle_it_may_not_rise():
    assert sunrise(date(2024, 12, 21), 70.0) is None


def test_refraction_lets_it_rise_earlier():
    # The almanac of 2023 has 3.83 for the longest day in Hamburg.
    assert sunrise(date(2023, 6, 21), 53.55) < 3.5


def test_leap_years_shift_no_day():
    assert sunrise(date(2024, 12, 31), 53.55) == pytest.approx(sunrise(date(2023, 12, 31), 53.55), abs=1e-4)

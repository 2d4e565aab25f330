from pathlib import Path

import pytest

import larder
from larder import Ingredient, Recipe, as_html, as_text, shopping_list
from larder.units import to_metric


@pytest.mark.parametrize(
    ("quantity", "unit", "metric"),
    [(2, "oz", (56.7, "g")), (1, "lb", (453.6, "g")), (0.5, "cup", (120, "ml")), (3, "tsp", (15, "ml"))],
)
def test_known_units(quantity, unit, metric):
    assert to_metric(quantity, unit) == (pytest.approx(metric[0]), metric[1])


@pytest.mark.parametrize("unit", ["", "g", "bunch"])
def test_other_units_stay(unit):
    assert to_metric(1.25, unit) == (1.25, unit)


def test_the_numbers_stand_in_one_place():
    source = (Path(larder.__file__).parent / "render.py").read_text("utf-8")
    assert not [number for number in ("28.35", "453.6", "240") if number in source]


def test_nothing_else_changed():
    odd = Recipe("Odd", 1, (Ingredient(0.03, "oz", "saffron"), Ingredient(2.5, "bunch", "dill"), Ingredient(1.5, "", "eggs")))
    assert as_text(odd) == "Odd (for 1)\n- 1 g saffron\n- 2 bunch dill\n- 1.5 eggs"
    assert as_html(odd) == "<h1>Odd</h1>\n<ul><li>1 g saffron</li><li>2 bunch dill</li><li>1.5 eggs</li></ul>"
    assert shopping_list([odd, odd]) == "dill: 5 bunch\neggs: 3\nsaffron: 2 g"

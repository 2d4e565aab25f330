from larder import Ingredient, Recipe, as_html, as_text, shopping_list

PIE = Recipe(
    "Apple & plum pie",
    4,
    (
        Ingredient(8.5, "oz", "flour"),
        Ingredient(1.5, "cup", "cream"),
        Ingredient(0.5, "tsp", "salt"),
        Ingredient(3, "", "apples"),
    ),
)
DUMPLINGS = Recipe("Dumplings", 2, (Ingredient(0.75, "lb", "flour"), Ingredient(0.25, "oz", "yeast")))


def test_text_is_metric():
    assert as_text(PIE).splitlines() == [
        "Apple & plum pie (for 4)",
        "- 241 g flour",
        "- 360 ml cream",
        "- 2 ml salt",
        "- 3 apples",
    ]


def test_html_is_escaped():
    assert as_html(PIE).startswith("<h1>Apple &amp; plum pie</h1>\n<ul><li>241 g flour</li>")


def test_pieces_have_no_unit():
    assert "<li>3 apples</li>" in as_html(PIE)


def test_shopping_adds_up_before_it_rounds():
    yeast = Recipe("Yeast", 1, (Ingredient(0.05, "oz", "yeast"),) * 3)
    assert shopping_list([yeast]) == "yeast: 4 g"


def test_shopping_joins_recipes():
    assert shopping_list([PIE, DUMPLINGS]).splitlines() == [
        "apples: 3",
        "cream: 360 ml",
        "flour: 581 g",
        "salt: 2 ml",
        "yeast: 7 g",
    ]

from larder import Ingredient, Recipe


def test_scaling_keeps_the_share_of_each():
    recipe = Recipe("Tea", 2, (Ingredient(1, "cup", "water"), Ingredient(3, "", "leaves")))
    scaled = recipe.scaled(3)
    assert scaled.servings == 3
    assert [one.quantity for one in scaled.ingredients] == [1.5, 4.5]

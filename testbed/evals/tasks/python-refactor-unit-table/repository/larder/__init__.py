"""Recipes, scaled and printed."""

from larder.recipe import Ingredient, Recipe
from larder.render import as_html, as_text, shopping_list

__all__ = ["Ingredient", "Recipe", "as_html", "as_text", "shopping_list"]

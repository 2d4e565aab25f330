"""Recipes as people read them."""

from __future__ import annotations

import html
from collections import defaultdict

from larder.recipe import Recipe


def as_text(recipe: Recipe) -> str:
    lines = [f"{recipe.title} (for {recipe.servings})"]
    for one in recipe.ingredients:
        if one.unit == "oz":
            quantity, unit = one.quantity * 28.35, "g"
        elif one.unit == "lb":
            quantity, unit = one.quantity * 453.6, "g"
        elif one.unit == "cup":
            quantity, unit = one.quantity * 240, "ml"
        elif one.unit == "tsp":
            quantity, unit = one.quantity * 5, "ml"
        else:
            quantity, unit = one.quantity, one.unit
        lines.append(f"- {quantity:.0f} {unit} {one.name}" if unit else f"- {quantity:g} {one.name}")
    return "\n".join(lines)


def as_html(recipe: Recipe) -> str:
    rows = []
    for one in recipe.ingredients:
        if one.unit == "oz":
            quantity, unit = one.quantity * 28.35, "g"
        elif one.unit == "lb":
            quantity, unit = one.quantity * 453.6, "g"
        elif one.unit == "cup":
            quantity, unit = one.quantity * 240, "ml"
        elif one.unit == "tsp":
            quantity, unit = one.quantity * 5, "ml"
        else:
            quantity, unit = one.quantity, one.unit
        amount = f"{quantity:.0f} {unit}" if unit else f"{quantity:g}"
        rows.append(f"<li>{amount} {html.escape(one.name)}</li>")
    return f"<h1>{html.escape(recipe.title)}</h1>\n<ul>{''.join(rows)}</ul>"


def shopping_list(recipes: list[Recipe]) -> str:
    """What to buy for all of them; the same thing in several recipes is added up."""
    needed: dict[tuple[str, str], float] = defaultdict(float)
    for recipe in recipes:
        for one in recipe.ingredients:
            if one.unit == "oz":
                needed[one.name, "g"] += one.quantity * 28.35
            elif one.unit == "lb":
                needed[one.name, "g"] += one.quantity * 453.6
            elif one.unit == "cup":
                needed[one.name, "ml"] += one.quantity * 240
            elif one.unit == "tsp":
                needed[one.name, "ml"] += one.quantity * 5
            else:
                needed[one.name, one.unit] += one.quantity
    return "\n".join(
        f"{name}: {quantity:.0f} {unit}".rstrip() for (name, unit), quantity in sorted(needed.items())
    )

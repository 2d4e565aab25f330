"""What a recipe is."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Ingredient:
    """So much of something. A unit of "" counts pieces."""

    quantity: float
    unit: str
    name: str


@dataclass(frozen=True)
class Recipe:
    title: str
    servings: int
    ingredients: tuple[Ingredient, ...]

    def scaled(self, servings: int) -> Recipe:
        """The same dish for another number of people."""
        factor = servings / self.servings
        scaled = tuple(replace(one, quantity=one.quantity * factor) for one in self.ingredients)
        return replace(self, servings=servings, ingredients=scaled)

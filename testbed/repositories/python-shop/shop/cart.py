"""What a customer is about to buy."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Item:
    """A line of the cart: so many pieces of one article, at a price in cents each."""

    name: str
    price: int
    quantity: int = 1


@dataclass
class Cart:
    """Items in the order they were added."""

    items: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Put an item into the cart; the quantity must be at least 1."""
        if item.quantity < 1:
            raise ValueError(f"{item.name}: quantity {item.quantity} is below 1")
        self.items.append(item)

    def total(self) -> int:
        """What the cart costs, in cents."""
        return sum(item.price for item in self.items)

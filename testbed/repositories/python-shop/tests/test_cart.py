import pytest
from shop.cart import Cart, Item


def test_an_empty_cart_costs_nothing() -> None:
    assert Cart().total() == 0


def test_prices_add_up() -> None:
    cart = Cart()
    cart.add(Item("tea", 450))
    cart.add(Item("cup", 899))
    assert cart.total() == 1349


def test_a_quantity_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="below 1"):
        Cart().add(Item("tea", 450, quantity=0))

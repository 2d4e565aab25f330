"""A pull request's page as a forge calls it: what people press is a plain address of the web."""

from __future__ import annotations

import pytest

from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges.address import require_page


@pytest.mark.parametrize(
    "url",
    [
        "https://github.test/shop/cart/pull/7",
        "http://10.0.0.5:3000/shop/cart/pulls/7",
        "http://[::1]:3000/shop/cart/pulls/7",
        "https://gitlab.test/a/b/c/-/merge_requests/1?tab=x",
        "https://dev.azure.test/org/My%20Project/_git/repo/pullrequest/12",
    ],
)
def test_a_page_of_the_web_is_taken(url: str) -> None:
    require_page(7, url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//",
        "https://forge.test/x) @all",
        "https://forge.test/x\n\n/merge",
        "https://forge.test/<img>",
        "https://someone:secret@forge.test/x",
        "https://forge.test/" + "x" * 2000,
        "",
    ],
)
def test_anything_else_makes_the_pool_not_ready(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"page of pull request 7.*see that spec\.forge\.url"):
        require_page(7, url)

"""Who has left Bitbucket: an account that was deleted is a null wherever it stood."""

from __future__ import annotations

from typing import Any

import httpx

from boardhand_operator.forges.bitbucket.at import At
from boardhand_operator.forges.bitbucket.people import People
from boardhand_operator.forges.bitbucket.said import reviews
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.reviews import Judgement

NOON = "2026-01-01T12:00:00.000000+00:00"


def _answer(request: httpx.Request) -> httpx.Response:
    pull: dict[str, Any] = {
        "author": None,
        "participants": [{"user": None, "state": "approved", "participated_on": NOON}],
    }
    said = {"id": 1, "user": None, "inline": {"path": "a"}, "content": {"raw": "so"}, "created_on": NOON}
    listed = {"values": [said]}
    return httpx.Response(200, json=listed if request.url.path.endswith("/comments") else pull)


async def test_who_judged_and_left_is_a_former_user() -> None:
    connection = Connection(transport=httpx.MockTransport(_answer))
    at = At(Client(Vendor("Bitbucket", "", ""), "https://b.test", {}, [], connection), "team", "shop", "main", "s")
    (found,) = await reviews(at, People(at, of_person=False), 1)
    assert (found.author, found.judgement, found.by_us) == ("a former user", Judgement.APPROVED, False)
    assert [line.text for line in found.lines] == ["so"]

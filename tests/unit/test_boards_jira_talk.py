"""What is said on an issue of Jira while its comments are read page by page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from boardhand_operator.boards import Comment
from boardhand_operator.boards.jira.cloud import Cloud
from boardhand_operator.boards.jira.log import moment
from boardhand_operator.boards.jira.talk import Talk
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def said(number: int) -> dict[str, Any]:
    return {"id": str(number), "created": (NOON + timedelta(seconds=number)).isoformat()}


def reading(found: Iterable[dict[str, Any]]) -> list[Comment]:
    return [Comment(one["id"], "Ada", "a", "words", moment(one["created"]), False) for one in found]


async def test_a_comment_that_was_shifted_to_the_next_page_is_told_once() -> None:
    """The newest come first, so what is written between two pages moves one of them onto the second again."""
    there = [said(number) for number in range(150)]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            few = {"comments": [], "total": len(there)}
            return httpx.Response(200, json={"issues": [{"id": "7", "fields": {"comment": few}}]})
        start = int(request.url.params["startAt"])
        page = there[::-1][start : start + 100]
        if start == 0:
            there.append(said(150))
        return httpx.Response(200, json={"comments": page, "total": len(there)})

    transport = httpx.MockTransport(answer)
    http = Client(Vendor("Jira", "", ""), "https://jira.test", {}, [], Connection(transport=transport))
    issue = {"id": "7", "fields": {"updated": NOON.isoformat()}}
    found = await Talk(http, Cloud()).since(NOON, [issue], reading)
    assert [one.comment.id for one in found] == [str(number) for number in range(150)], "the newest is the next poll's"

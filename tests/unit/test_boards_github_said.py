"""What was said on a GitHub project, where GitHub's search ends before it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from boardhand_operator.boards.github.project import FOUND, Address, Project
from boardhand_operator.http.graphql import Graph, Json

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Search:
    """Gives so many issues, ten a page, as many as GitHub's search does at most."""

    def __init__(self, issues: int) -> None:
        self._left = issues

    async def query(self, _operation: str, _text: str, _variables: Json) -> Json:
        some = min(10, self._left)
        self._left -= some
        page: Any = {"nodes": [{"id": f"I_{self._left}_{at}", "comments": {"nodes": []}} for at in range(some)]}
        return {"search": page | {"pageInfo": {"hasNextPage": self._left > 0, "endCursor": "more"}}}


@pytest.mark.parametrize(("issues", "told"), [(FOUND - 1, False), (FOUND, True)])
async def test_a_search_that_may_be_cut_is_told_of(issues: int, told: bool, caplog: pytest.LogCaptureFixture) -> None:
    project = Project(cast(Graph, Search(issues)), Address(True, "team", 7))
    with caplog.at_level(logging.WARNING):
        assert await project.said_since(NOON) == ()
    assert ("team/7: of what was said" in caplog.text) is told

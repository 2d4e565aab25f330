"""Both Jira boards' behaviour on the stand-in; every request is held to what the vendor documents."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.board_behaviour import BoardBehaviour
from tests.contract.jira_board import JiraBench, JiraDataCenterBench


class TestJiraCloud(BoardBehaviour):
    """All of it."""

    vendor = "jira"

    @pytest.fixture
    async def bench(self) -> AsyncIterator[JiraBench]:
        made = JiraBench()
        yield made
        made.check_requests()


class TestJiraDataCenter(BoardBehaviour):
    """All of it."""

    vendor = "jira-dc"

    @pytest.fixture
    async def bench(self) -> AsyncIterator[JiraDataCenterBench]:
        made = JiraDataCenterBench()
        yield made
        made.check_requests()

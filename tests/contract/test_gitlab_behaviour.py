"""GitLabIssues passes the cases of every board on the stand-in; every request it sends is a documented one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.board_behaviour import BoardBehaviour
from tests.contract.gitlab_board import GitLabBench


@pytest.fixture
async def bench() -> AsyncIterator[GitLabBench]:
    made = GitLabBench()
    yield made
    made.check_requests()


class TestGitLab(BoardBehaviour):
    """All of it."""

    vendor = "gitlab"

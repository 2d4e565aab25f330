"""GitHubProjects' behaviour on the stand-in; every request it sends is held to GitHub's own description of its API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.board_behaviour import BoardBehaviour
from tests.contract.github_board import GitHubProjectsBench


@pytest.fixture
async def bench() -> AsyncIterator[GitHubProjectsBench]:
    made = GitHubProjectsBench()
    yield made
    made.check_requests()


class TestGitHubProjects(BoardBehaviour):
    """All of it."""

"""GitLabForge passes the cases of every forge on the stand-in; every request and answer is a documented one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.gitlab_forge import GitLabForgeBench


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GitLabForgeBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.01, 0.01))
    made = GitLabForgeBench()
    yield made
    made.check_requests()


class TestGitLab(ForgeBehaviour):
    """All of it."""

    vendor = "gitlab"

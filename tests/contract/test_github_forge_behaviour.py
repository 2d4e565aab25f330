"""GitHubForge: the cases of every forge, at the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.github_forge import GitHubBench


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.01, 0.01))
    made = GitHubBench()
    yield made
    made.check()


class TestGitHub(ForgeBehaviour):
    """All of it."""

    vendor = "github"

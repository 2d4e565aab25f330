"""A plain git remote does what every forge does, as far as branches go; with git's own server program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.git_forge import GitBench


@pytest.fixture
def bench(tmp_path: Path) -> GitBench:
    return GitBench.fresh(tmp_path)


@pytest.mark.matrix
class TestGit(ForgeBehaviour):
    """All of it that is about branches."""

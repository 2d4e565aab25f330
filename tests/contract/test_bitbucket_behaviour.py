"""Bitbucket Cloud does what every forge does; at its stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.bitbucket_api import check_bitbucket_requests
from tests.contract.bitbucket_forge import BitbucketBench
from tests.contract.forge_behaviour import ForgeBehaviour


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BitbucketBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.05, 0.05))
    made = BitbucketBench()
    yield made
    check_bitbucket_requests(made.wire.requests)


@pytest.mark.matrix
class TestBitbucket(ForgeBehaviour):
    """All of it."""

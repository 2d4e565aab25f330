"""Azure Repos does what every forge does; at its stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boardhand_operator.forges.azure import hooks
from tests.contract.azure_forge import AzureForgeBench
from tests.contract.azure_pull_requests import check_azure_pull_requests
from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.hook_bench import HookBench


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AzureForgeBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.05, 0.05))
    made = AzureForgeBench()
    yield made
    check_azure_pull_requests(made.wire.requests)


@pytest.mark.matrix
class TestAzureRepos(ForgeBehaviour):
    """All of it; a webhook is a subscription for each event here."""

    async def test_subscribing_twice_is_one_webhook(self, bench: HookBench) -> None:
        for _ in range(2):
            opened = bench.open(hook=True)
            await opened.subscribe()
            await opened.subscribe()
            await opened.aclose()
        assert await bench.hooks() == 1
        assert len(bench.wire.writes()) == len(hooks.EVENTS)

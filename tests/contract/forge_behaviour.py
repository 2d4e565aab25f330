"""What a forge does, whichever it is: cases for every one of them, over a bench that plays the people at it.

The cases are in `forge_cases_*` and `hook_cases`, by theme; a test module of a forge takes everything from here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boardhand_operator.forges import Forge
from tests.contract.forge_bench import ForgeBench, Pull
from tests.contract.forge_cases_check import CheckCases
from tests.contract.forge_cases_pulls import PullCases
from tests.contract.forge_cases_refusals import ForgeRefusalCases
from tests.contract.forge_cases_said import SaidCases
from tests.contract.forge_cases_wanted import WantedCases
from tests.contract.hook_cases import HookCases

__all__ = ["ForgeBehaviour", "ForgeBench", "Pull"]


@pytest.mark.matrix
class ForgeBehaviour(CheckCases, PullCases, WantedCases, SaidCases, ForgeRefusalCases, HookCases):
    """To be inherited by a class whose module has a fixture `bench`."""

    @pytest.fixture
    async def forge(self, bench: ForgeBench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Forge]:
        monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 1)
        opened = bench.open()
        yield opened
        await opened.aclose()

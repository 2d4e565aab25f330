"""AzureBoard does what every board does, on the stand-in: by states, and by the columns of a team's board."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boardhand_operator.boards import Board
from tests.contract.azure_board import AzureBench
from tests.contract.board_behaviour import BoardBehaviour


class AzureCases(BoardBehaviour):
    """All of it; a priority is a number."""

    async def test_the_priority_is_the_boards_own_word(self, bench: AzureBench, board: Board) -> None:  # type: ignore[override]
        ticket = await bench.ticket()
        await bench.furnish(ticket)
        (ready,) = (await board.look()).ready
        read = await board.read(ticket)
        assert read is not None
        assert ready.priority == read.priority == "2"


class TestAzureStates(AzureCases):
    """A project's states are the columns."""

    vendor = "azure"

    @pytest.fixture
    async def bench(self) -> AsyncIterator[AzureBench]:
        made = AzureBench()
        yield made
        made.check_requests()


class TestAzureTeamBoard(AzureCases):
    """The columns of a team's board."""

    vendor = "azure (team)"

    @pytest.fixture
    async def bench(self) -> AsyncIterator[AzureBench]:
        made = AzureBench(team=True)
        yield made
        made.check_requests()

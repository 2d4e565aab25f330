"""What a board does, whichever it is: cases for every one of them, over a bench that plays the people at it.

The cases are in `board_cases_*`, by theme; a test module of a board takes everything from here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from boardhand_operator.boards import Board
from tests.contract.board_bench import COLUMNS, DOING, DONE, READY, REVIEW, RUN, BoardBench
from tests.contract.board_cases_claims import ClaimCases
from tests.contract.board_cases_columns import ColumnCases
from tests.contract.board_cases_ready import ReadyCases
from tests.contract.board_cases_refusals import RefusalCases
from tests.contract.board_cases_ticket import TicketCases
from tests.contract.board_cases_trust import TrustCases
from tests.contract.hook_cases import HookCases

__all__ = ["COLUMNS", "DOING", "DONE", "READY", "REVIEW", "RUN", "BoardBehaviour", "BoardBench"]


@pytest.mark.matrix
class BoardBehaviour(ReadyCases, TicketCases, TrustCases, ClaimCases, ColumnCases, RefusalCases, HookCases):
    """To be inherited by a class whose module has a fixture `bench`."""

    @pytest.fixture
    async def board(self, bench: BoardBench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Board]:
        monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 1)
        opened = bench.open()
        yield opened
        await opened.aclose()

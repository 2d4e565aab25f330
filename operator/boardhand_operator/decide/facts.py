"""All that is known of a run at one moment: what is decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from boardhand_api.result import Result
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.memory.turns import Turn
from boardhand_operator.money.budget import Purse
from boardhand_operator.views import Pool, Run


@dataclass(frozen=True)
class Facts:
    """All that is known of a run at one moment."""

    run: Run
    pool: Pool | None
    job: Mapping[str, Any] | None
    """The Job named in the run's status, if it is there; where none is, that of its next try."""
    pod: Mapping[str, Any] | None
    logged: Result | None
    """The agent's result from its log; read only once the pod ended."""
    turn: Turn
    """Whether it is this run's turn to begin."""
    now: datetime
    image_grace_seconds: float = 20
    podless_seconds: float = 0
    """For how long nothing has been known of a pod that the Job should have."""
    moved_to: str | None = None
    """Where the ticket was seen after it left the column of its claim; empty: nowhere on the board."""
    pushed: Head | None = None
    """Where the run's branch is at the forge; asked for only where its Job is complete and the pod gone."""
    refused: tuple[str, ...] = ()
    """Hosts that the proxy refused the run; read only once its Job or pod ended."""
    purse: Purse = field(default_factory=Purse)
    """The pool's money, by its present spec."""

"""What a faulty model's server replies: answers as the vendor gives them, others, and what strikes one on its way."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum

from testbed.evals.faulty_wire import Mark, Piece, Said


class How(StrEnum):
    """What happens to an answer on its way."""

    CUT = "cut"
    """The connection is closed in the middle of the answer."""
    ENDED = "ended"
    """The answer ends there as if it were whole."""
    RESET = "reset"
    STALLED = "stalled"
    """Nothing comes for `seconds`."""
    HUMS = "hums"
    """Only comments come for `seconds`, as some servers send them so that nobody hangs up."""
    SAYS = "says"
    """`text` comes in the rest's place."""


@dataclass(frozen=True)
class Damage:
    """Strikes before the last piece of an answer that holds `at`; before its first byte without it."""

    how: How
    at: Mark | None = None
    seconds: float = 0
    text: str = ""


@dataclass(frozen=True)
class Http:
    """An answer that is no model's, byte by byte."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_at: float | None = None
    """Retry-After as an HTTP date so many seconds after it is sent."""

    @property
    def head(self) -> dict[str, str]:
        date = {} if self.retry_at is None else {"Retry-After": formatdate(time.time() + self.retry_at, usegmt=True)}
        return {"Content-Type": "application/json"} | dict(self.headers) | date


@dataclass(frozen=True)
class Damaged:
    """A reply that does not arrive as it was sent."""

    reply: Said | Http
    damage: Damage


Reply = Said | Http | Damaged


def place(pieces: Sequence[Piece], damage: Damage | None) -> int | None:
    """Before which piece the damage strikes: the last that holds what it says; else, as in one document, the last."""
    if damage is None or damage.at is None:
        return None
    found = [at for at, (mark, _) in enumerate(pieces) if mark is damage.at]
    return found[-1] if found else len(pieces) - 1

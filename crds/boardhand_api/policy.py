"""The part of a pool that says what its owners decided."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from boardhand_api.base import Money, NonEmpty, Wire


class OnRed(StrEnum):
    """What becomes of a change whose verify commands failed."""

    DRAFT = "Draft"
    NOTHING = "Nothing"


class OnLimit(StrEnum):
    """What becomes of work that a limit ended: time, money, tokens or steps."""

    DRAFT = "Draft"
    NOTHING = "Nothing"


class Commands(Wire):
    """Who may command by comments such as `/boardhand retry`, and how much."""

    authors: Annotated[list[NonEmpty], Field(max_length=100)] | None = None
    """User names or ids on the board, of its members; absent: all its members; empty: nobody, and no comment is read
    for it."""
    money: Money | None = None
    """The most US dollars that `/boardhand budget N` may give the next attempt; absent: none, it is refused."""


class Policy(Wire):
    """What the pool's owners decided."""

    on_red: OnRed = OnRed.DRAFT
    """Draft: a draft pull request; Nothing: the branch is left as it is, and no pull request opened."""
    on_limit: OnLimit = OnLimit.DRAFT
    """Draft: what is there when a limit ends the run is pushed, tried and opened as a draft pull request; Nothing: it
    is dropped."""
    require_tests: bool = True
    """A verify run that is known to have run no test is not a pass."""
    tests_must_fail_on_base: bool = False
    """A change without tests that are shown to fail without it is sent back, and at last handed over as a draft."""
    commands: Commands = Commands()
    """Who may command by comments."""

"""One attack: what the attacker wants, how to try it, and how to show that one guard is what stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ROOT = "root"
"""What an attack needs that only root can do."""


@dataclass(frozen=True)
class Outcome:
    """What came of an attack."""

    reached: bool
    """Whether the attacker has what was wanted, looked at from outside: a file, a ref, a byte on a socket."""
    said: str
    """What the run says happened: its class and reason, a line of the pull request, of a comment or of a log."""


@dataclass(frozen=True)
class Attack:
    """`run` and `guard_off` leave nothing behind; what they raise is the suite's own fault, and fails the attack."""

    name: str
    """Unique, such as hook-in-the-git-folder."""
    wants: str
    """What the attacker is after, in a few words."""
    run: Callable[[], Outcome]
    guard_off: Callable[[], Outcome] | None = None
    """The same with one guard switched off, in this process only: it must be reached then."""
    guard: str = ""
    """The guard that `guard_off` switches off; with it and never without."""
    short: bool = False
    """Whether it is part of `make redteam-short`."""
    cluster: bool = False
    """Whether it needs the testbed's cluster: such attacks run one after the other, in the main process."""
    needs: tuple[str, ...] = ()
    """Programs that must be on PATH, and ROOT."""

    def __post_init__(self) -> None:
        if bool(self.guard) != (self.guard_off is not None):
            raise ValueError(f"{self.name}: guard and guard_off go together")


@dataclass(frozen=True)
class Row:
    """A line of the table, and with the fields of KEPT an object of build/redteam.json."""

    attack: str
    reached: bool
    said: str
    guard_off_reached: bool | None = None
    """None where no guard is switched off."""
    wants: str = ""
    guard: str = ""
    seconds: float = 0.0
    broken: str = ""
    """Why the attack could not be tried; then nothing is known of it."""

    @property
    def stopped(self) -> bool:
        """Whether the attack was tried, got nothing, was told of, and its guard is what stopped it."""
        return bool(not self.broken and not self.reached and self.said and self.guard_off_reached is not False)


KEPT = ("attack", "reached", "said", "guard_off_reached")

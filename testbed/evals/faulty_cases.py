"""The usual courses of a run with a fault, and what else must hold of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from testbed.evals.faulty_model import LARGE
from testbed.evals.faulty_reply import Damage, Damaged, How, Reply
from testbed.evals.faulty_run import EDIT, FINISH, Fault, Played
from testbed.evals.faulty_wire import Mark, Said

UNAVAILABLE = "Infrastructure/ModelUnavailable"
IMPATIENT = {"model_patience_seconds": 1}
PATIENT = {"model_patience_seconds": 3}
"""For a second request."""


LONG_FINISH = Said(text="The total is doubled, as the ticket asks, and the check passes now.", calls=FINISH.calls)


def broken(how: How, at: Mark, **more: Any) -> Damaged:
    """An answer that breaks on its way."""
    return Damaged(LONG_FINISH, Damage(how, at, **more))


def once(name: str, wrong: Reply, *nudges: str, **more: Any) -> Fault:
    """The fault strikes once, between the edit and the end, and the work is done all the same."""
    return Fault(name, "Succeeded", large=(EDIT, wrong, FINISH), nudges=nudges, **more)


def forever(name: str, wrong: Reply, **more: Any) -> Fault:
    """The model never comes to answer, and the patience with it is short."""
    about: dict[str, Any] = {"limits": IMPATIENT} | more
    return Fault(f"{name}-for-ever", UNAVAILABLE, large=(wrong,), describe=(), **about)


def final(name: str, wrong: Reply, expected: str, **more: Any) -> Fault:
    """What asking again cannot help is not asked again."""
    return Fault(name, expected, large=(wrong,), describe=(), holds=asked_once, **more)


def asked_once(played: Played) -> Iterable[str]:
    """The large model was."""
    if (count := len(played.server.asked[LARGE])) > 1:
        yield f"asked {count} times"


def asked_again(played: Played) -> Iterable[str]:
    """The large model was: that is what patience is for."""
    if len(played.server.asked[LARGE]) < 2:
        yield "asked only once"


def waited(seconds: float) -> Callable[[Played], Iterable[str]]:
    """So long at least, before the large model was asked for the last time."""

    def holds(played: Played) -> Iterable[str]:
        *_, before, after = played.server.asked_at[LARGE]
        if after - before < seconds:
            yield f"asked again after {after - before:.1f} s, not {seconds:g}"

    return holds


def fell_back(played: Played) -> Iterable[str]:
    """The transcript tells of it."""
    if not played.fell_back:
        yield "no word of the fallback"

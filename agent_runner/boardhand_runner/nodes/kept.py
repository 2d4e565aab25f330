"""The paths that are kept for people: told before the work, and put back where it changes one.

Before a commit: what a commit has stays in the branch's history, and has all of it refused. Publish looks at what is to
be pushed, whatever was done here.
"""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_api.order import Order
from boardhand_api.policy import PROTECTED
from boardhand_runner.repository import Repository
from boardhand_runner.stages.publishing.protected import Protected

KEPT_CHARACTERS, SMALL_KEPT_CHARACTERS = 1_000, 240
"""Of the patterns that are told; those that may be changed all the same take as many."""
_USUAL = "CI configuration of any kind (such as .github/workflows/**), CODEOWNERS, .gitmodules and .lfsconfig"


def protected_of(order: Order) -> Protected:
    """As publish sees it."""
    return Protected(order.protected_paths, order.allow_protected)


def kept_text(order: Order, room: int) -> str:
    """The protected paths for a prompt, in so many characters; empty where there are none. They are the pool's."""
    if not order.protected_paths:
        return ""
    told = _USUAL if tuple(order.protected_paths) == PROTECTED else _listed(order.protected_paths, room)
    return told + (f"; but {_listed(order.allow_protected, room)} may be" if order.allow_protected else "")


def put_back(order: Order, repository: Repository) -> list[str]:
    """Those of them that the work changed, and does no more. Raises Infrastructure."""
    protected = protected_of(order)
    found = [one.path for one in repository.uncommitted() if protected.touched([one])]
    repository.put_back(found)
    return found


def kept_words(paths: Sequence[str]) -> list[str]:
    """What is told of them where they were put back, and nobody was asked."""
    return [f"{path} is kept for people (spec.policy.protectedPaths)" for path in paths]


def _listed(patterns: Sequence[str], room: int) -> str:
    shown: list[str] = []
    for pattern in patterns:
        room -= len(pattern) + 2
        if room < 0 and shown:
            break
        shown.append(pattern)
    rest = len(patterns) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")

"""Cases that are about something which not every vendor has."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

Case = Callable[..., Awaitable[None]]
BRANCHES_ONLY = "branches-only"
"""In a bench's `has`: a plain remote, at which there is nothing but branches."""


def about(*things: str) -> Callable[[Case], Case]:
    """The case is about these (names of a bench's `has`); without any, about what a plain remote has not. Where the
    vendor lacks one the case ends at once, and tells the matrix so."""

    def of(case: Case) -> Case:
        @functools.wraps(case)
        async def run(self: Any, *, record_property: Callable[[str, object], None], **given: Any) -> None:
            has = given["bench"].has
            lacking = ["pull requests"] if BRANCHES_ONLY in has else [thing for thing in things if thing not in has]
            if lacking:
                record_property("absent", lacking[0])
                return
            await case(self, **given)

        wanted = inspect.signature(case)
        also = inspect.Parameter("record_property", inspect.Parameter.KEYWORD_ONLY)
        run.__signature__ = wanted.replace(  # type: ignore[attr-defined]
            parameters=[*wanted.parameters.values(), also]
        )
        return run

    return of

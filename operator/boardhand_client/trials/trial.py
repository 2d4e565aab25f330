"""What came of trying something, as a sentence. The one place where errors become that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from boardhand_operator.errors import Misconfigured, Remote, RemoteUnavailable

UNREACHED = RemoteUnavailable.reason
SENTENCE = 1000
"""So many characters of a sentence are shown."""
SHAPES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises that is of another shape than its sender's: whoever answers may answer anything."""


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    ok: bool
    said: str
    """One sentence: what is good, or what is wrong and what is allowed."""
    fix: str = ""
    """What to do where it is not good, as a line of YAML or a command where there is one."""
    offers: tuple[str, ...] = ()
    """What there is to choose from: columns, labels, branches, models. Also where all is good."""
    reason: str = ""
    """One CamelCase word for what is wrong, as in a pool's condition."""

    @property
    def unreached(self) -> bool:
        """Whether nobody answered: from somewhere else they may."""
        return self.reason == UNREACHED

    def fixed_by(self, fix: str) -> Trial:
        """The same with another fix."""
        return replace(self, fix=fix)


def wrong_of(reason: str, said: str, offers: tuple[str, ...] = ()) -> Trial:
    """What is not good. The sentences of `boardhand_operator.errors` say what to do, so they are the fix too."""
    text = said if len(said) <= SENTENCE else said[: SENTENCE - 1] + "…"
    return Trial(False, text, text, offers, reason)


async def told(who: str, seconds: float, work: Callable[[], Awaitable[Trial]]) -> Trial:
    """What `work` finds, in at most so many seconds; what it raises, as a sentence. who: as a sentence begins."""
    try:
        async with asyncio.timeout(seconds):
            return await work()
    except Misconfigured as wrong:
        return wrong_of(wrong.reason, wrong.message, wrong.there)
    except Remote as refused:
        return wrong_of(refused.reason, str(refused))
    except TimeoutError:
        return wrong_of(UNREACHED, f"{who} did not answer within {seconds:g} seconds: see the address, and the network")
    except SHAPES as wrong:
        said = f"{who} answers in a form not its own ({type(wrong).__name__}): see the address; is a proxy in between?"
        return wrong_of("AnswerUnreadable", said)

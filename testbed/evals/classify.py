"""The class of a run, from what its stages came to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from boardhand_api.result import Published, Result

SUCCEEDED = "Succeeded"
AS_BEFORE = "AsBefore"
"""Not unfinished, and verify is red as it was before the change."""
PARTIAL = "Partial"
"""Verify is green, and the harness says that the work is unfinished."""
RED = "Red"
WRONG = "Wrong"
"""The harness took it for done, and the hidden checks say it is not."""
WRONG_ANSWER = "WrongAnswer"
"""An answer that lacks what it was asked for."""
DECEIVED = (SUCCEEDED, AS_BEFORE, WRONG)
"""What no wrong trajectory may come to: the harness took it for done."""


@dataclass(frozen=True)
class Seen:
    """What a run's stages came to."""

    result: Result
    published: Published | None = None
    """Absent where the run did not get that far."""
    verify: int | None = None
    """Exit code of the proof."""
    hidden: bool | None = None
    """Whether the hidden checks passed on the published commit; absent where there are none."""


def classify(seen: Seen, answer: Sequence[str] = ()) -> tuple[str, str]:
    """The class and why, in a short sentence. `answer`: expressions that an answer must have."""
    result, failure = seen.result, seen.result.failure
    if failure is not None:
        handed = ", handed over as a draft" if result.partial else ""
        return failure.failure_class.value, f"{failure.reason}: {_head(failure.message)}{handed}"
    if result.commit is None:
        return _answered(result.summary, answer)
    if seen.published is None or seen.published.failure is not None:
        return _unpublished(seen.published)
    return _proved(seen)


def _answered(summary: str, answer: Sequence[str]) -> tuple[str, str]:
    lacks = [one for one in answer if not re.search(one, summary, re.IGNORECASE)]
    if lacks or not answer:
        return WRONG_ANSWER, f"the answer lacks {', '.join(lacks) or 'anything to check it by'}"
    return SUCCEEDED, "the answer has all that was asked for"


def _unpublished(published: Published | None) -> tuple[str, str]:
    if published is None or published.failure is None:
        return "Infrastructure", "nothing was published"
    failure = published.failure
    return failure.failure_class.value, f"{failure.reason}: {_head(failure.message)}"


def _proved(seen: Seen) -> tuple[str, str]:
    evidence, red = seen.result.evidence, seen.verify != 0
    before = bool(evidence and evidence.baseline_green is False)
    if seen.result.partial:
        return (RED if red else PARTIAL), _unfinished(seen.result.summary)
    if red and not before:
        return RED, f"the proof ended with {seen.verify}"
    if seen.hidden is False:
        return WRONG, "taken for done, and the hidden checks fail"
    checked = "" if seen.hidden is None else ", hidden checks pass"
    return (AS_BEFORE, f"red only as before{checked}") if red else (SUCCEEDED, f"proved{checked}")


def _unfinished(summary: str) -> str:
    return _head(summary[summary.find("**Unfinished:**") :].replace("*", ""))


def _head(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:119]}…"

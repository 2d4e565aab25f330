"""What a stage answers: the agent's result, and what publish did. Read by a program with secrets: bounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, WithJsonSchema

from boardhand_api.base import Tolerant
from boardhand_api.evidence import Evidence
from boardhand_api.failures import FailureClass

_MOST_TOKENS, _MOST = 10**15, 10**9
Tokens = Annotated[int, Field(ge=0, le=_MOST_TOKENS)]
"""Bounded, since a number that the API server refuses would keep a run from ever being recorded."""
Money = Annotated[Decimal, Field(ge=0, le=_MOST, allow_inf_nan=False), WithJsonSchema({"type": "string"})]
RESULT_VERSION = 1
TERMINATION_BYTES = 4096
"""The kubelet keeps so many bytes of a container's termination message, and of a pod's POD_TERMINATION_BYTES, which it
shares out evenly among all containers; a longer one is cut off wherever that is."""
POD_TERMINATION_BYTES = 12 * 1024


class TestCounts(Tolerant):
    """Tests of one verify run."""

    __test__ = False  # not a pytest class

    ran: Annotated[int, Field(ge=0)]
    """Tests that ran, whatever came of them."""
    failed: Annotated[int, Field(ge=0)] = 0
    """Tests that failed or broke."""
    skipped: Annotated[int, Field(ge=0)] = 0
    """Tests that were skipped."""


class Usage(Tolerant):
    """What the models used."""

    prompt_tokens: Tokens = 0
    """As the providers reported, cached ones included."""
    cached_tokens: Tokens = 0
    """Those of the prompt tokens that came from a provider's cache."""
    completion_tokens: Tokens = 0
    """As the providers reported."""
    estimated_tokens: Tokens | None = None
    """Those of the tokens above that no provider reported: counted from the texts, so that the limits hold."""
    money: Money | None = None
    """US dollars; absent where a model's price is not known."""
    seconds: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] = 0
    """Wall time of the agent stage."""

    def plus(self, other: Usage) -> Usage:
        """Both together; money is known only where both know it. What is more than can be recorded is the most."""
        known = self.money is not None and other.money is not None
        return Usage(
            prompt_tokens=min(self.prompt_tokens + other.prompt_tokens, _MOST_TOKENS),
            cached_tokens=min(self.cached_tokens + other.cached_tokens, _MOST_TOKENS),
            completion_tokens=min(self.completion_tokens + other.completion_tokens, _MOST_TOKENS),
            estimated_tokens=min((self.estimated_tokens or 0) + (other.estimated_tokens or 0), _MOST_TOKENS) or None,
            money=min((self.money or Decimal(0)) + (other.money or Decimal(0)), Decimal(_MOST)) if known else None,
            seconds=min(self.seconds + other.seconds, float(_MOST)),
        )


class Refusal(Tolerant):
    """Why a stage ended without what it was for. Its exit code says the class as well."""

    failure_class: Annotated[FailureClass, Field(alias="class")]
    reason: Annotated[str, Field(max_length=64)]
    """One CamelCase word."""
    message: Annotated[str, Field(max_length=1000)] = ""
    """One sentence; for NeedsInfo the question."""


class Result(Tolerant):
    """The agent stage's result: the last event of its log, and compact in its termination message."""

    version: int = RESULT_VERSION
    specialist: Annotated[str, Field(max_length=32)] = ""
    """coder, bugfixer or analyst; empty where routing was not reached."""
    base_commit: Annotated[str | None, Field(max_length=64)] = None
    commit: Annotated[str | None, Field(max_length=64)] = None
    """Head of the work; absent where nothing was changed."""
    title: Annotated[str, Field(max_length=300)] = ""
    summary: Annotated[str, Field(max_length=20000)] = ""
    """The why of the change, or the answer of an analysis, Markdown. Shortened in the termination message."""
    partial: bool = False
    evidence: Evidence | None = None
    """What the gate saw of the tests; absent without a gate, or where the termination message has no room."""
    failure: Refusal | None = None
    usage: Usage = Usage()
    steps: Annotated[int, Field(ge=0)] = 0
    resumed: bool = False
    """It went on where an earlier try of the run was: `usage` and `steps` count that one, too."""
    cut: bool | None = None
    """As a termination message: whether it lacks some of what the log has. Absent: not said, as by a former version."""


class Published(Tolerant):
    """The publish stage's termination message."""

    version: int = RESULT_VERSION
    branch: Annotated[str | None, Field(max_length=250)] = None
    commit: Annotated[str | None, Field(max_length=64)] = None
    failure: Refusal | None = None


class Checked(Tolerant):
    """The checkout stage's termination message."""

    version: int = RESULT_VERSION
    base_commit: Annotated[str | None, Field(max_length=64)] = None
    setup: list[str] = []
    verify: list[str] = []
    """The commands that were told from the repository; empty where the order gives them."""
    failure: Refusal | None = None


def termination_message(answer: Result | Published | Checked, limit: int = TERMINATION_BYTES) -> str:
    """The answer as JSON of at most `limit` bytes: what does not fit of the summary, then the evidence, then of the
    failure's message, then of the title, is cut off; of what checkout told, the longest commands, those of setup first.
    A result says whether something was."""
    if isinstance(answer, Result) and answer.cut is None:
        answer = answer.model_copy(update={"cut": False})
    text = answer.model_dump_json(by_alias=True, exclude_none=True)
    excess = len(text.encode()) - limit
    # JSON may escape a character into six bytes, so cutting is repeated until it fits.
    return text if excess <= 0 else termination_message(_shorter(answer, max(16, excess // 6)), limit)


def _shorter(answer: Result | Published | Checked, characters: int) -> Result | Published | Checked:
    if isinstance(answer, Result) and answer.summary:
        return answer.model_copy(update={"summary": answer.summary[:-characters], "cut": True})
    if isinstance(answer, Result) and answer.evidence:
        return answer.model_copy(update={"evidence": None, "cut": True})
    if isinstance(answer, Result) and answer.title and not (answer.failure and answer.failure.message):
        return answer.model_copy(update={"title": answer.title[:-characters], "cut": True})
    if isinstance(answer, Checked) and any(answer.setup):
        return answer.model_copy(update={"setup": _shorter_longest(answer.setup, characters)})
    if isinstance(answer, Checked) and any(answer.verify):
        return answer.model_copy(update={"verify": _shorter_longest(answer.verify, characters)})
    if answer.failure is None or not answer.failure.message:
        raise ValueError(f"no text of this {type(answer).__name__} is left to shorten")
    failure = answer.failure.model_copy(update={"message": answer.failure.message[:-characters]})
    cut = {"cut": True} if isinstance(answer, Result) else {}
    return answer.model_copy(update={"failure": failure, **cut})


def _shorter_longest(commands: list[str], characters: int) -> list[str]:
    """Their number stays: the proof names them by it."""
    longest = max(range(len(commands)), key=lambda at: len(commands[at]))
    left = commands[longest].removesuffix("…")[:-characters]
    return [*commands[:longest], f"{left}…" if left else "", *commands[longest + 1 :]]

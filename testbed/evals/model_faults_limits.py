"""Usage that is missing, huge or absurd, and limits that end a run: steps, tokens, money, time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from testbed.evals.faulty_reply import Damage, Damaged, How, Reply
from testbed.evals.faulty_run import EDIT, FINISH, LOOK, WORK, Fault, Played, call, calls
from testbed.evals.faulty_wire import Mark, Said
from testbed.evals.model_faults_answers import EMPTY
from testbed.evals.model_faults_http import RATE, error
from testbed.model.answer import Json

MONEY: dict[str, Any] = {"money": Decimal("0.5")}
UNKNOWN_PRICE = "Configuration/PriceUnknown"
TALKER = Said(text="All work and no play. " * 20_000, calls=LOOK.calls, piece=512)
DEADLINE: dict[str, Any] = {"deadline_seconds": 4, "model_patience_seconds": 60}


def using(said: Said, prompt: object, completion: object) -> Said:
    """The answer with this usage."""
    return replace(said, usage={"prompt_tokens": prompt, "completion_tokens": completion})


def strange(name: str, usage: Json | None, expected: str, **more: object) -> Fault:
    """Every answer of the large model with this usage."""
    large: tuple[Reply, ...] = tuple(replace(said, usage=usage) for said in WORK)
    handed = {} if expected == "Succeeded" else {"large": large[:1], "describe": ()}
    return Fault(name, expected, **({"large": large} | handed | more))  # type: ignore[arg-type]


def limited(name: str, expected: str, *large: Reply, nudges: tuple[str, ...] = (), **limits: Any) -> Fault:
    """A limit ends the work, and what is there is handed over."""
    return Fault(
        name, expected, large=large, describe=(), draft=True, limits=limits, nudges=nudges, answer_seconds=10.0
    )


def _cheap(played: Played) -> Iterable[str]:
    """A usage that cannot be is no usage: the tokens are counted from the texts, and have no price."""
    used = played.result.usage
    if used.prompt_tokens > 100_000 or not used.estimated_tokens or used.money is not None:
        yield f"booked were {used}"


NEGATIVE: Json = {"prompt_tokens": -100, "completion_tokens": -10}
ABSURD: Json = {"prompt_tokens": 10**18, "completion_tokens": 10**18}
SILENT = tuple(replace(calls(call("search", pattern=f"word{number}")), usage=None) for number in range(3))
READS = tuple(calls(call("search", pattern=f"word{number}")) for number in range(5))

FAULTS = (
    strange("usage-missing", None, "Succeeded", holds=_cheap),
    strange("usage-missing-with-money-limit", None, UNKNOWN_PRICE, limits=MONEY),
    Fault("price-missing-with-money-limit", UNKNOWN_PRICE, large=(), describe=(), price=None, limits=MONEY),
    strange("usage-negative", NEGATIVE, "Succeeded", holds=_cheap),
    strange("usage-negative-with-money-limit", NEGATIVE, UNKNOWN_PRICE, limits=MONEY),
    strange("usage-absurd", ABSURD, "Succeeded", holds=_cheap),
    strange("usage-absurd-with-money-limit", ABSURD, UNKNOWN_PRICE, limits=MONEY),
    limited("usage-huge-tokens", "Budget/TokensUsedUp", EDIT, using(LOOK, 999_999, 1), tokens=1_000_000),
    limited("usage-huge-money", "Budget/MoneyUsedUp", EDIT, using(LOOK, 10_000, 100_000), **MONEY),
    limited("tokens-without-usage", "Budget/TokensUsedUp", EDIT, *SILENT, tokens=2_400),
    limited("tokens-in-mid-answer", "Budget/TokensUsedUp", EDIT, TALKER, tokens=20_000),
    limited("money-in-mid-answer", "Budget/MoneyUsedUp", EDIT, TALKER, money=Decimal("0.05")),
    limited("steps", "Budget/StepsUsedUp", EDIT, *READS, steps=6),
    limited("steps-while-faulty", "Budget/StepsUsedUp", EDIT, EMPTY, LOOK, EMPTY, steps=4, nudges=("EmptyAnswer",) * 2),
    limited(
        "deadline-in-silence",
        "Deadline/DeadlinePassed",
        EDIT,
        Damaged(FINISH, Damage(How.STALLED, None, 60)),
        deadline_seconds=4,
    ),
    limited(
        "deadline-in-mid-answer",
        "Deadline/DeadlinePassed",
        EDIT,
        Damaged(FINISH, Damage(How.STALLED, Mark.CALL, 60)),
        deadline_seconds=4,
    ),
    limited("deadline-while-unavailable", "Deadline/DeadlinePassed", EDIT, error(503, "Overloaded."), **DEADLINE),
    limited(
        "deadline-while-limited",
        "Deadline/DeadlinePassed",
        EDIT,
        replace(RATE, headers={"Retry-After": "50"}),
        **DEADLINE,
    ),
)

"""What a run has used so far, and whether it may go on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from boardhand_api.model import PlainModel, Price
from boardhand_api.order import OrderLimits
from boardhand_api.result import Usage
from boardhand_runner.errors import Budget, Configuration, Deadline

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

_WRITTEN = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
"""The cache's writes; Anthropic's library gives either their sum or the two kinds."""
_MILLION = Decimal(1_000_000)
_MOST_TOKENS = 100_000_000
"""No answer reads or writes so much: a server that says so has miscounted."""
_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


def price_of(model: PlainModel) -> Price | None:
    """The order's price, else the list price of prices.yaml, else None: then money is not counted."""
    if model.price is not None:
        return model.price
    table = yaml.safe_load(resources.files(__package__).joinpath("prices.yaml").read_text("utf-8"))
    row = table[model.provider.value].get(_DATED.sub("", model.name))
    if row is None:
        return None
    prompt, cached, completion, *written = (Decimal(str(number)) for number in row)
    return Price(prompt=prompt, cached=cached, completion=completion, cache_write=written[0] if written else None)


def cost(price: Price, prompt: int, cached: int, completion: int, written: int = 0) -> Decimal:
    """US dollars for so many tokens; `cached`, read from the cache, and `written` to it are parts of `prompt`."""
    read = price.prompt if price.cached is None else price.cached
    write = price.prompt if price.cache_write is None else price.cache_write
    fresh = (prompt - cached - written) * price.prompt
    return (fresh + cached * read + written * write + completion * price.completion) / _MILLION


def reported(answer: AIMessage) -> Mapping[str, Any] | None:
    """What the provider says an answer used, as LangChain's `usage_metadata`; None where it says nothing.

    Mistral's library drops the tokens read from the cache; they stand in the raw figures (`UsageInfo` of its API).
    """
    if answer.usage_metadata is None:
        return None
    raw = _mapping(answer.response_metadata.get("token_usage"))
    details = _mapping(raw.get("prompt_tokens_details") or raw.get("prompt_token_details"))
    cached = raw.get("num_cached_tokens") or details.get("cached_tokens") or 0
    known = {name: count for name, count in _mapping(answer.usage_metadata.get("input_token_details")).items() if count}
    return {**answer.usage_metadata, "input_token_details": {"cache_read": cached, **known}}


def usage_of(metadata: Mapping[str, Any] | None, price: Price | None) -> Usage:
    """One answer's usage from LangChain's `usage_metadata`.

    Without it, or where its figures cannot be, nothing is known, so no money either.
    """
    if metadata is None:
        return Usage()
    prompt, completion = metadata["input_tokens"], metadata["output_tokens"]
    if not (_is_count(prompt) and _is_count(completion)):
        return Usage()
    details = metadata.get("input_token_details") or {}
    cached = min(prompt, _counted(details.get("cache_read")))
    written = min(prompt - cached, sum(_counted(details.get(name)) for name in _WRITTEN))
    money = None if price is None else cost(price, prompt, cached, completion, written)
    return Usage(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion, money=money)


def estimated(prompt: int, completion: int) -> Usage:
    """An answer of whose usage its server tells nothing: so many tokens by its texts, and no money, which would be
    made up."""
    return Usage(prompt_tokens=prompt, completion_tokens=completion, estimated_tokens=prompt + completion)


def _mapping(said: object) -> Mapping[str, Any]:
    """What a server said, where it is of that form."""
    return said if isinstance(said, Mapping) else {}


def _is_count(said: object) -> bool:
    return isinstance(said, int) and 0 <= said <= _MOST_TOKENS


def _counted(said: object) -> int:
    """The tokens; 0 where that is no number of any."""
    return said if isinstance(said, int) and _is_count(said) else 0


class Ledger:
    """Adds up what the run uses and stops it at its limits. Checked between steps."""

    def __init__(self, limits: OrderLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.steps = 0
        self._clock = clock
        self._begin = clock()
        self._used = Usage(money=Decimal(0))
        self._before = 0.0
        self._keep: Callable[[Usage, int], None] | None = None
        self.resumed = False
        """Whether what earlier pods of the run used is among it."""

    def go_on(self, used: Usage, steps: int) -> None:
        """Count on from what earlier pods of the run used. The deadline is a try's: it counts this pod's time alone."""
        self._used, self.steps, self._before, self.resumed = used, steps, used.seconds, True

    def keep(self, keep: Callable[[Usage, int], None]) -> None:
        """Tell the sums now, and after each answer."""
        self._keep = keep
        keep(self.total(), self.steps)

    def add(self, usage: Usage, *, step: bool) -> None:
        """Books one answer; `step` where the large model gave it.

        Raises Configuration where money is limited but cannot be known, since the limit could not be held.
        """
        self._used = self._used.plus(usage)
        self.steps += step
        if self._keep:
            self._keep(self.total(), self.steps)
        if self.limits.money is not None and usage.money is None:
            raise Configuration(
                "PriceUnknown",
                "limits.money is set, but what the model's answers cost is not known: set a price under spec.models"
                " (and see that the server reports usage), or remove the limit.",
            )

    @property
    def seconds(self) -> float:
        """Since this pod's agent began."""
        return self._clock() - self._begin

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.limits.deadline_seconds - self.seconds)

    def total(self) -> Usage:
        return self._used.model_copy(update={"seconds": round(self._before + self.seconds, 3)})

    def check_time(self) -> None:
        """Raises Deadline where the run's time is over."""
        if self.seconds_left <= 0:
            raise Deadline("DeadlinePassed", f"The run took longer than its {self.limits.deadline_seconds} s.")

    def check(self) -> None:
        """Raises Deadline or Budget where a limit of the order is reached."""
        limits, used = self.limits, self._used
        tokens = used.prompt_tokens + used.completion_tokens
        self.check_time()
        if self.steps >= limits.steps:
            raise Budget("StepsUsedUp", f"All {limits.steps} steps of the run are used up.")
        if tokens >= limits.tokens:
            raise Budget("TokensUsedUp", f"{tokens} of the run's {limits.tokens} tokens are used up.")
        if limits.money is not None and used.money is not None and used.money >= limits.money:
            raise Budget("MoneyUsedUp", f"${used.money:f} of the run's ${limits.money} is used up.")

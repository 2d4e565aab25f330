"""Tokens of requests, by one estimate for all harnesses. Pure.

A quarter of the characters that the model reads: what messages say, the names and arguments of calls, the tools'
descriptions. No provider's tokenizer: ratios are what is compared.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True)
class Spent:
    """What a run's requests come to, in tokens."""

    requests: int
    prompt: int
    """Summed over all requests."""
    repeated: int
    """Of these, the beginning that each request shares with the one before: what a provider's cache can hold."""
    peak: int
    """The longest prompt."""

    def paid(self, cached_price: float) -> float:
        """The sum in tokens of full price, where one from the cache costs this share of it."""
        return self.prompt - self.repeated * (1 - cached_price)


def spent(requests: Sequence[Json]) -> Spent:
    """Requests of one model, in their order."""
    sizes = [[len(part) / CHARACTERS_A_TOKEN for part in parts(request)] for request in requests]
    shared = [_shared(parts(before), parts(after)) for before, after in itertools.pairwise(requests)]
    repeated = sum(sum(size[:same]) for size, same in zip(sizes[1:], shared, strict=True))
    totals = [sum(size) for size in sizes]
    return Spent(len(requests), round(sum(totals)), round(repeated), round(max(totals, default=0)))


def parts(request: Json) -> list[str]:
    """What the model reads, the tools first, then message by message."""
    said = [json.dumps(request.get("tools") or [])]
    for message in request["messages"]:
        calls = [call["function"] for call in message.get("tool_calls") or ()]
        said.append((message.get("content") or "") + "".join(call["name"] + call["arguments"] for call in calls))
    return said


def _shared(before: Sequence[str], after: Sequence[str]) -> int:
    """So many parts at the beginning are the same."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))

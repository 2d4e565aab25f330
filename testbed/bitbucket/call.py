"""One call of the stand-in's API, as an endpoint's handler sees it, and what it may answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from testbed.bitbucket.shapes import Json
from testbed.bitbucket.state import Account, BitbucketState, Pull, Repository

_TERM = re.compile(r'([\w.]+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Call:
    """A call by `by`: what its path names, its query and its JSON body."""

    state: BitbucketState
    by: Account
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def repository(self) -> Repository:
        return self.state.repository(f"{self.path['workspace']}/{self.path['repo_slug']}")

    @property
    def pull(self) -> Pull:
        return self.state.pull(self.repository, int(self.path["pull_request_id"]))

    def terms(self) -> dict[str, str]:
        """The query `q`: equations that all must hold."""
        return {name: re.sub(r"\\(.)", r"\1", value) for name, value in _TERM.findall(self.params.get("q", ""))}


@dataclass(frozen=True)
class Listed:
    """A list, of which the answer is one page."""

    entries: list[Json]


@dataclass(frozen=True)
class Moved:
    """The answer is at another place, below the API's root."""

    path: str


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, as the vendor writes it."""

    method: str
    path: str
    handler: Callable[[Call], Any]
    scope: str
    status: int = 200

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "/?$")

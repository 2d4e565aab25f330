"""One call of the stand-in's API, as an endpoint's handler sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from testbed.gitea.pull_models import Pull
from testbed.gitea.state import GiteaState, Refused, Repository, not_found

DEFAULT_PAGE = 30


@dataclass(frozen=True)
class Call:
    """A call by the person `by`: what its path names, its query and its JSON body."""

    state: GiteaState
    by: str
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def site(self) -> str:
        return self.state.site

    @property
    def repository(self) -> Repository:
        return self.state.repository(f"{self.path['owner']}/{self.path['repo']}")

    @property
    def with_pulls(self) -> Repository:
        """The repository, where it has pull requests at all. Raises Refused (404)."""
        found = self.repository
        if not found.pull_requests:
            raise not_found()
        return found

    def pull(self) -> Pull:
        return self.state.pull(self.with_pulls, int(self.path["index"]))

    def required(self, name: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(422, f"[{name.capitalize()}]: Required")
        return value

    def text(self, name: str) -> str | None:
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise Refused(422, f"json: cannot unmarshal into Go struct field {name} of type string")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.params.get(name, "")
        return int(value) if value.isdigit() and int(value) > 0 else default


@dataclass(frozen=True)
class Listed:
    """A page of a list, and how many entries there are on all of them."""

    entries: list[Any]
    total: int


@dataclass(frozen=True)
class Text:
    """An answer that is no JSON."""

    text: str


def paged(call: Call, found: list[Any]) -> Listed:
    """The page that the call asks for."""
    page, size = call.number("page", 1), min(call.number("limit", DEFAULT_PAGE), call.state.page_max)
    return Listed(found[(page - 1) * size : page * size], len(found))

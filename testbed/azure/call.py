"""One call of the stand-in's API, as an endpoint's handler sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from testbed.azure.models import Person, Project, Token
from testbed.azure.state import AzureState, Refused


@dataclass(frozen=True)
class Call:
    """A call by `by`: what its path names (unquoted), its query and its JSON body."""

    state: AzureState
    token: Token
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Any

    @property
    def by(self) -> Person:
        return self.state.people[self.token.person]

    @property
    def project(self) -> Project:
        return self.state.project(self.path["project"])

    def must_write(self, what: str) -> None:
        """Raises Refused (403) where the account may only read."""
        if not self.by.may_write:
            raise Refused(403, f"{what} (user {self.by.name}).", "AccessDeniedException")

    def number(self, name: str, default: int) -> int:
        text = self.params.get(name, "")
        return int(text) if text.isdecimal() else default


@dataclass(frozen=True)
class Endpoint:
    """What answers a method and a path."""

    method: str
    path: str
    """Template below the organisation, such as /{project}/_apis/wit/workitems/{id}; letters of fixed parts in any
    case."""
    handler: Callable[[Call], Any]
    """Gives JSON, or None for an empty answer."""
    scope: str = ""
    """What a token needs; one that ends in _write is among what ends in _manage, and one without in both."""
    status: int = 200
    preview: bool = False
    """Whether only a preview of the version has it."""

    def fits(self, path: str) -> dict[str, str] | None:
        """What the path names, where it is this endpoint's."""
        match = _pattern(self.path).fullmatch(path)
        return match.groupdict() if match else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile(text, re.IGNORECASE)


def allowed(token: Token, scope: str) -> bool:
    """Whether a token with these scopes may."""
    wider = {scope, scope + "_write", scope + "_manage", scope.replace("_write", "_manage")}
    return not scope or bool(wider & set(token.scopes))

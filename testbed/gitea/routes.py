"""The part of Gitea's API that is served: one table of endpoints, each with the parameters and fields it reads.

Source: https://docs.gitea.com/api/ and Gitea 1.26's routers/api/v1; a test holds the table to Forgejo's swagger file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from testbed.gitea import shapes
from testbed.gitea.shapes import Json
from testbed.gitea.state import GiteaState, Pull, Refused, Repository, not_found

PAGE_MAX = 50
OPENING_SECONDS = 0.02
"""Between Gitea's look for another pull request and its writing of the new one: two at once both come through."""


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

    entries: list[Json]
    total: int


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, as the vendor writes it (below /api/v1)."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Any]]
    params: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    status: int = 200

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        text = re.sub(r"\{(head|branch)\}$", r"(?P<\1>.+)", self.path)
        text = re.sub(r"\{index\}", r"(?P<index>[0-9]+)", text)
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text) + "/?$")


async def get_repository(call: Call) -> Json:
    return shapes.repository(call.repository, call.site)


async def get_branch(call: Call) -> Json:
    found = call.repository.branches.get(call.path["branch"])
    if found is None:
        raise not_found()
    return shapes.branch(found, call.repository, call.site)


async def list_pulls(call: Call) -> Listed:
    wanted, page, limit = call.params.get("state", "open"), call.number("page", 1), call.number("limit", 30)
    size = min(limit, PAGE_MAX)
    owner = call.with_pulls
    found = [
        pull for pull in reversed(owner.pulls.values()) if wanted not in ("open", "closed") or pull.state == wanted
    ]
    shown = found[(page - 1) * size : page * size]
    return Listed([shapes.pull_request(pull, owner, call.site) for pull in shown], len(found))


async def open_pull(call: Call) -> Json:
    head, base, title = call.required("head"), call.required("base"), call.required("title")
    owner, body = call.with_pulls, call.text("body") or ""
    if owner.archived:
        raise Refused(423, f"{owner.full_name} is archived")
    if head == base:
        raise Refused(422, "Invalid PullRequest: There are no changes between the head and the base")
    call.state.check_opening(owner, head, base)
    await asyncio.sleep(OPENING_SECONDS)
    return shapes.pull_request(call.state.open_pull(owner, head, base, title, body, call.by), owner, call.site)


async def get_pull(call: Call) -> Json:
    return shapes.pull_request(call.pull(), call.repository, call.site)


async def find_pull(call: Call) -> Json:
    """Any one of them: with Gitea too, a closed one may hide the open one."""
    for found in call.state.pulls(call.with_pulls, call.path["head"], call.path["base"]):
        return shapes.pull_request(found, call.repository, call.site)
    raise not_found()


async def edit_pull(call: Call) -> Json:
    found, state = call.pull(), call.text("state")
    if state not in (None, "open", "closed"):
        raise Refused(422, f"unknown state: {state}")
    call.state.edit_pull(found, call.text("title"), call.text("body"), state)
    return shapes.pull_request(found, call.repository, call.site)


async def list_comments(call: Call) -> list[Json]:
    pull, owner = call.pull(), call.repository
    return [shapes.comment(said, pull, owner, call.site) for said in pull.comments]


async def add_comment(call: Call) -> Json:
    pull, body = call.pull(), call.required("body")
    return shapes.comment(call.state.add_comment(pull, body, call.by), pull, call.repository, call.site)


_REPOSITORY = "/repos/{owner}/{repo}"
_PULLS = f"{_REPOSITORY}/pulls"
_COMMENTS = f"{_REPOSITORY}/issues/{{index}}/comments"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", _REPOSITORY, get_repository),
    Endpoint("GET", f"{_REPOSITORY}/branches/{{branch}}", get_branch),
    Endpoint("GET", _PULLS, list_pulls, params=("state", "page", "limit")),
    Endpoint("POST", _PULLS, open_pull, fields=("head", "base", "title", "body"), status=201),
    Endpoint("GET", f"{_PULLS}/{{index}}", get_pull),
    Endpoint("PATCH", f"{_PULLS}/{{index}}", edit_pull, fields=("title", "body", "state"), status=201),
    Endpoint("GET", f"{_PULLS}/{{base}}/{{head}}", find_pull),
    Endpoint("GET", _COMMENTS, list_comments),
    Endpoint("POST", _COMMENTS, add_comment, fields=("body",), status=201),
)


def find(method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
    """The endpoint that serves this path (below /api/v1) and what its path names. Raises Refused (404)."""
    for endpoint in ENDPOINTS:
        found = endpoint.pattern.match(path) if endpoint.method == method else None
        if found:
            return endpoint, found.groupdict()
    raise not_found()

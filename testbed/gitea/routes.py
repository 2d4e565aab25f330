"""The part of Gitea's API that is served: one table of endpoints, each with the parameters and fields it reads.

Source: https://docs.gitea.com/api/ and Gitea 1.26's routers/api/v1; a test holds the table to Forgejo's swagger file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from testbed.gitea import hook_routes, shapes
from testbed.gitea import issue_routes as tracker
from testbed.gitea import pull_routes as reviewing
from testbed.gitea.call import Call, Listed
from testbed.gitea.shapes import Json
from testbed.gitea.state import Refused, not_found

OPENING_SECONDS = 0.02
"""Between Gitea's look for another pull request and its writing of the new one: two at once both come through."""


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
        text = re.sub(r"\{(head|branch|filepath)\}$", r"(?P<\1>.+)", self.path.replace(".", r"\."))
        text = re.sub(r"\{(index|id|identifier)\}", r"(?P<\1>[0-9]+)", text)
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
    size = min(limit, call.state.page_max)
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


_REPOSITORY = "/repos/{owner}/{repo}"
_PULLS = f"{_REPOSITORY}/pulls"
_ISSUES = f"{_REPOSITORY}/issues"
_ISSUE = f"{_ISSUES}/{{index}}"
_COMMENTS = f"{_ISSUE}/comments"
_ASKED, _STATUS = ("reviewers",), ("context", "state")
_HOOK = ("active", "events")

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", _REPOSITORY, get_repository),
    Endpoint("GET", f"{_REPOSITORY}/branches/{{branch}}", get_branch),
    Endpoint("GET", _PULLS, list_pulls, params=("state", "page", "limit")),
    Endpoint("POST", _PULLS, open_pull, fields=("head", "base", "title", "body"), status=201),
    Endpoint("GET", f"{_PULLS}/{{index}}", get_pull),
    Endpoint("PATCH", f"{_PULLS}/{{index}}", edit_pull, fields=("title", "body", "state"), status=201),
    Endpoint("GET", f"{_PULLS}/{{index}}.{{diffType}}", reviewing.get_diff),
    Endpoint("POST", f"{_PULLS}/{{index}}/merge", reviewing.merge_pull, fields=("Do",)),
    Endpoint("POST", f"{_PULLS}/{{index}}/requested_reviewers", reviewing.ask_reviewers, fields=_ASKED, status=201),
    Endpoint("GET", f"{_PULLS}/{{index}}/reviews", reviewing.list_reviews, params=("page", "limit")),
    Endpoint("POST", f"{_PULLS}/{{index}}/reviews", reviewing.write_review, fields=("body", "event", "comments")),
    Endpoint("GET", f"{_PULLS}/{{index}}/reviews/{{id}}/comments", reviewing.list_line_comments),
    Endpoint("GET", f"{_PULLS}/{{base}}/{{head}}", find_pull),
    Endpoint("GET", f"{_REPOSITORY}/reviewers", reviewing.list_reviewers),
    Endpoint("GET", f"{_REPOSITORY}/commits/{{ref}}/status", reviewing.get_combined, params=("page", "limit")),
    Endpoint(
        "POST", f"{_REPOSITORY}/statuses/{{sha}}", reviewing.report_status, fields=("context", "state"), status=201
    ),
    Endpoint("GET", f"{_REPOSITORY}/git/trees/{{sha}}", reviewing.get_tree, params=("page", "per_page")),
    Endpoint("GET", f"{_REPOSITORY}/raw/{{filepath}}", reviewing.get_raw, params=("ref",)),
    Endpoint("GET", "/user", tracker.get_user),
    Endpoint("GET", "/settings/api", tracker.get_settings),
    Endpoint("GET", f"{_REPOSITORY}/assignees", tracker.list_assignees),
    Endpoint("GET", _ISSUES, tracker.list_issues, params=("state", "type", "labels", "since", "page", "limit")),
    Endpoint("POST", _ISSUES, tracker.make_issue, fields=("title", "body", "labels"), status=201),
    Endpoint("GET", f"{_ISSUES}/comments", tracker.list_all_comments, params=("since", "page", "limit")),
    Endpoint("PATCH", f"{_ISSUES}/comments/{{id}}", tracker.edit_comment, fields=("body",)),
    Endpoint("GET", _ISSUE, tracker.get_issue),
    Endpoint("PATCH", _ISSUE, tracker.edit_issue, fields=("title", "body", "state"), status=201),
    Endpoint("GET", f"{_ISSUE}/timeline", tracker.get_timeline, params=("page", "limit")),
    Endpoint("GET", _COMMENTS, tracker.list_comments),
    Endpoint("POST", _COMMENTS, tracker.add_comment, fields=("body",), status=201),
    Endpoint("POST", f"{_ISSUE}/labels", tracker.put_labels_on, fields=("labels",)),
    Endpoint("DELETE", f"{_ISSUE}/labels/{{identifier}}", tracker.take_label_off, status=204),
    Endpoint("GET", f"{_REPOSITORY}/labels", tracker.list_labels, params=("page", "limit")),
    Endpoint("POST", f"{_REPOSITORY}/labels", tracker.make_label, fields=("name", "color"), status=201),
    Endpoint("GET", f"{_REPOSITORY}/hooks", hook_routes.list_hooks, params=("page", "limit")),
    Endpoint("POST", f"{_REPOSITORY}/hooks", hook_routes.make_hook, fields=("type", "config", *_HOOK), status=201),
    Endpoint("PATCH", f"{_REPOSITORY}/hooks/{{id}}", hook_routes.edit_hook, fields=_HOOK),
    Endpoint("DELETE", f"{_REPOSITORY}/hooks/{{id}}", hook_routes.delete_hook, status=204),
)


def find(method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
    """The endpoint that serves this path (below /api/v1) and what its path names. Raises Refused (404)."""
    for endpoint in ENDPOINTS:
        found = endpoint.pattern.match(path) if endpoint.method == method else None
        if found:
            return endpoint, found.groupdict()
    raise not_found()

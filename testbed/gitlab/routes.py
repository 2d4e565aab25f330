"""The part of GitLab's API that is served: one table of endpoints, each with the parameters and fields it reads.

Source: the pages below https://docs.gitlab.com/api/ ; a test holds the table to what is recorded of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from testbed.gitlab import issue_routes as issues
from testbed.gitlab import merge_routes as merges
from testbed.gitlab import project_routes as projects
from testbed.gitlab.call import Call
from testbed.gitlab.state import Refused

PAGED = ("page", "per_page")
_NUMBERS = ("issue_iid", "merge_request_iid", "note_id", "hook_id", "user_id")


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, as the vendor writes it (below /api/v4)."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Any]]
    params: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    status: int = 200

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """What the path names, or None where it is another one."""
        mine = self.path.strip("/").split("/")
        if len(mine) != len(segments):
            return None
        named = {}
        for wanted, given in zip(mine, segments, strict=True):
            if not wanted.startswith(":"):
                if wanted != given:
                    return None
            elif wanted[1:] in _NUMBERS and not given.isdigit():
                return None
            else:
                named[wanted[1:]] = given
        return named


_PROJECT = "/projects/:id"
_ISSUE = f"{_PROJECT}/issues/:issue_iid"
_MERGES = f"{_PROJECT}/merge_requests"
_MERGE = f"{_MERGES}/:merge_request_iid"
_HOOK = (
    "url",
    "push_events",
    "issues_events",
    "confidential_issues_events",
    "merge_requests_events",
    "note_events",
    "pipeline_events",
    "enable_ssl_verification",
)
_SORTED = ("sort", "order_by", *PAGED)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/user", projects.get_user),
    Endpoint("GET", "/personal_access_tokens/self", projects.get_token),
    Endpoint("GET", _PROJECT, projects.get_project),
    Endpoint("GET", f"{_PROJECT}/members/all", projects.list_members, PAGED),
    Endpoint("GET", f"{_PROJECT}/members/all/:user_id", projects.get_member),
    Endpoint("GET", f"{_PROJECT}/labels", projects.list_labels, PAGED),
    Endpoint("GET", f"{_PROJECT}/events", projects.list_events, ("action", "target_type", "after", "sort", *PAGED)),
    Endpoint("GET", f"{_PROJECT}/hooks", projects.list_hooks, PAGED),
    Endpoint("POST", f"{_PROJECT}/hooks", projects.make_hook, (), (*_HOOK, "token", "signing_token"), 201),
    Endpoint("PUT", f"{_PROJECT}/hooks/:hook_id", projects.edit_hook, (), _HOOK),
    Endpoint("DELETE", f"{_PROJECT}/hooks/:hook_id", projects.delete_hook, status=204),
    Endpoint("GET", f"{_PROJECT}/issues", issues.list_issues, ("state", "labels", *_SORTED)),
    Endpoint("GET", _ISSUE, issues.get_issue),
    Endpoint(
        "PUT", _ISSUE, issues.edit_issue, (), ("title", "description", "add_labels", "remove_labels", "state_event")
    ),
    Endpoint("GET", f"{_ISSUE}/resource_label_events", issues.list_label_events, PAGED),
    Endpoint("GET", f"{_ISSUE}/resource_state_events", issues.list_state_events, PAGED),
    Endpoint("GET", f"{_ISSUE}/links", issues.list_links, PAGED),
    Endpoint("GET", f"{_ISSUE}/notes", issues.list_notes, _SORTED),
    Endpoint("POST", f"{_ISSUE}/notes", issues.add_note, (), ("body",), 201),
    Endpoint("PUT", f"{_ISSUE}/notes/:note_id", issues.edit_note, (), ("body",)),
    Endpoint("GET", f"{_PROJECT}/repository/branches/:branch", projects.get_branch),
    Endpoint("GET", f"{_PROJECT}/repository/tree", projects.list_tree, ("path", "ref", *PAGED)),
    Endpoint("GET", f"{_PROJECT}/repository/files/:file_path/raw", projects.get_file, ("ref",)),
    Endpoint("GET", f"{_PROJECT}/repository/commits/:sha/statuses", projects.list_statuses, PAGED),
    Endpoint("GET", _MERGES, merges.list_merge_requests, ("source_branch", "target_branch", "state", *_SORTED)),
    Endpoint(
        "POST",
        _MERGES,
        merges.open_merge_request,
        (),
        ("source_branch", "target_branch", "title", "description", "labels", "reviewer_ids"),
        201,
    ),
    Endpoint("GET", _MERGE, merges.get_merge_request),
    Endpoint(
        "PUT",
        _MERGE,
        merges.edit_merge_request,
        (),
        ("title", "description", "add_labels", "reviewer_ids", "state_event"),
    ),
    Endpoint("GET", f"{_MERGE}/notes", merges.list_notes, _SORTED),
    Endpoint("POST", f"{_MERGE}/notes", merges.add_note, (), ("body",), 201),
    Endpoint("GET", f"{_MERGE}/diffs", merges.list_diffs, PAGED),
    Endpoint("POST", f"{_MERGE}/discussions", merges.start_discussion, (), ("body", "position"), 201),
    Endpoint("GET", f"{_MERGE}/approvals", merges.get_approvals),
    Endpoint("GET", f"{_MERGE}/reviewers", merges.list_reviewers),
    Endpoint("POST", f"{_MERGE}/approve", merges.approve, status=201),
    Endpoint("POST", f"{_MERGE}/unapprove", merges.unapprove, status=201),
)
GRAPHQL = Endpoint("POST", "/graphql", projects.graphql)


def find(method: str, segments: tuple[str, ...]) -> tuple[Endpoint, Mapping[str, str]]:
    """The endpoint that serves this path (below /api/v4), its segments unquoted. Raises Refused (404)."""
    for endpoint in ENDPOINTS:
        named = endpoint.match(segments) if endpoint.method == method else None
        if named is not None:
            return endpoint, named
    raise Refused(404, {"error": "404 Not Found"})

"""The endpoints of pull requests, their reviews and reviewers.

Source: https://docs.github.com/en/rest/pulls
"""

from __future__ import annotations

from testbed.github import desk, issue_shapes, pull_desk, pull_shapes
from testbed.github.call import Call, Endpoint, Json, Page
from testbed.github.models import Repository
from testbed.github.pull_models import Pull
from testbed.github.state import Refused, not_found


def list_pulls(call: Call) -> Page:
    """Newest first; by state, by base, and by owner:branch of the head."""
    owner, wanted = _with_pulls(call), call.params.get("state", "open")
    base, head = call.params.get("base"), call.params.get("head", "")
    found = [
        pull
        for pull in owner.code.pulls.values()
        if wanted in ("all", pull.issue.state)
        and base in (None, pull.base)
        and (":" not in head or head == f"{owner.owner.login}:{pull.head}")
    ]
    found.sort(key=lambda pull: pull.issue.number, reverse=True)
    return call.page([pull_shapes.pull(pull, owner, call.state, whole=False) for pull in found])


def get_pull(call: Call) -> Json:
    return pull_shapes.pull(_pull(call), call.repository, call.state)


def open_pull(call: Call) -> Json:
    owner = _with_pulls(call)
    if owner.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    head, base = call.required("head", "PullRequest"), call.required("base", "PullRequest")
    title, body = call.required("title", "PullRequest"), str(call.body.get("body") or "")
    draft = call.body.get("draft") is True
    made = pull_desk.open_pull(call.state, owner, head, base, title, body, call.by, draft=draft)
    return pull_shapes.pull(made, owner, call.state)


def edit_pull(call: Call) -> Json:
    pull, issue = _pull(call), _pull(call).issue
    title, body = call.body.get("title", issue.title), call.body.get("body", issue.body) or ""
    pull_desk.edit_pull(call.state, pull, title, body, call.body.get("state", issue.state), call.by)
    return get_pull(call)


def request_reviewers(call: Call) -> Json:
    owner, pull = call.repository, _pull(call)
    pull_desk.ask(call.state, owner, pull, call.body.get("reviewers") or [], call.body.get("team_reviewers") or [])
    return pull_shapes.pull(pull, owner, call.state, whole=False)


def list_reviews(call: Call) -> Page:
    owner, pull = call.repository, _pull(call)
    seen = [one for one in pull.reviews if one.at is not None or one.by is call.by]
    return call.page([pull_shapes.review(one, pull, owner, call.state) for one in seen])


def list_lines(call: Call) -> Page:
    owner, pull = call.repository, _pull(call)
    found = [(line, one) for one in pull.reviews for line in one.lines]
    return call.page([pull_shapes.line(line, one, pull, owner, call.state) for line, one in found])


def write_review(call: Call) -> Json:
    owner, pull = call.repository, _pull(call)
    lines = [(one["path"], one["line"], one["body"]) for one in call.body.get("comments") or []]
    event, body = str(call.body.get("event")), str(call.body.get("body") or "")
    made = pull_desk.review(call.state, pull, call.by, event, body, lines)
    return pull_shapes.review(made, pull, owner, call.state)


def get_label(call: Call) -> Json:
    found = desk.label_named(call.repository, call.path["name"])
    if found is None:
        raise not_found()
    return issue_shapes.label(found, call.repository, call.state)


def get_collaborator(call: Call) -> None:
    if not pull_desk.is_collaborator(call.repository, call.path["username"]):
        raise not_found()


def get_team_repository(call: Call) -> None:
    if call.path["team"] not in call.repository.code.teams:
        raise not_found()


def _with_pulls(call: Call) -> Repository:
    found = call.repository
    if not found.code.pull_requests:
        raise not_found()
    return found


def _pull(call: Call) -> Pull:
    return pull_desk.pull_of(_with_pulls(call), int(call.path["pull_number"]))


_AT = "/repos/{owner}/{repo}"
_PULL = f"{_AT}/pulls/{{pull_number}}"
_READ, _WRITE = "pull_requests:read", "pull_requests:write"
TABLE = (
    Endpoint("GET", f"{_AT}/pulls", list_pulls, _READ),
    Endpoint("POST", f"{_AT}/pulls", open_pull, _WRITE, 201),
    Endpoint("GET", _PULL, get_pull, _READ),
    Endpoint("PATCH", _PULL, edit_pull, _WRITE),
    Endpoint("POST", f"{_PULL}/requested_reviewers", request_reviewers, _WRITE, 201),
    Endpoint("GET", f"{_PULL}/reviews", list_reviews, _READ),
    Endpoint("POST", f"{_PULL}/reviews", write_review, _WRITE),
    Endpoint("GET", f"{_PULL}/comments", list_lines, _READ),
    Endpoint("GET", f"{_AT}/labels/{{name}}", get_label, "issues:read|pull_requests:read"),
    Endpoint("GET", f"{_AT}/collaborators/{{username}}", get_collaborator, "metadata:read", 204),
    Endpoint("GET", "/orgs/{org}/teams/{team}/repos/{owner}/{repo}", get_team_repository, "members:read", 204),
)

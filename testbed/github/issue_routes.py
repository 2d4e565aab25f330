"""The endpoints of issues, their labels, comments and timelines.

Sources: https://docs.github.com/en/rest/issues and https://docs.github.com/en/rest/issues/timeline
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from testbed.github import desk, issue_shapes
from testbed.github.call import Call, Endpoint, Json, Moved, Page
from testbed.github.issue_models import Issue, Label
from testbed.github.models import Repository
from testbed.github.state import Refused, invalid, not_found

Shown = TypeVar("Shown")
BODY_MOST = 65536
"""Characters of a comment."""


def list_issues(call: Call) -> Page:
    """Of all these labels, whatever their case; pull requests among them."""
    owner = call.repository
    if not owner.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    wanted, given = call.params.get("state", "open"), call.params.get("labels", "")
    names = {name.strip().lower() for name in given.split(",") if name.strip()}
    found = [
        issue
        for issue in owner.issues.values()
        if wanted in ("all", issue.state)
        and names <= {label.name.lower() for label in issue.labels}
        and issue.changed >= _since(call)
    ]
    found.sort(key=lambda issue: issue.number, reverse=call.params.get("direction", "desc") == "desc")
    return call.page([issue_shapes.issue(issue, owner, call.state) for issue in found])


def get_issue(call: Call) -> Json | Moved:
    return _of(call, lambda issue, owner: issue_shapes.issue(issue, owner, call.state))


def edit_issue(call: Call) -> Json | Moved:
    call.needs("triage")
    found = call.issue()
    if isinstance(found, Issue):
        desk.edit(call.state, found, call.body.get("title") or found.title, call.body.get("body", found.body))
        desk.set_state(call.state, found, call.body.get("state", found.state), call.by)
    return get_issue(call)


def get_timeline(call: Call) -> Page | Moved:
    """What happened, oldest first."""
    return _of(
        call,
        lambda issue, owner: call.page([issue_shapes.happened(one, issue, owner, call.state) for one in issue.log]),
    )


def list_comments(call: Call) -> Page | Moved:
    return _of(
        call,
        lambda issue, owner: call.page(
            [issue_shapes.comment(one, issue, owner, call.state) for one in issue.said if one.changed >= _since(call)]
        ),
    )


def list_all_comments(call: Call) -> Page:
    """Of issues and of pull requests: those that were changed since then."""
    owner = call.repository
    found = [
        (said, issue) for issue in owner.issues.values() for said in issue.said if int(said.changed) >= _since(call)
    ]
    found.sort(key=lambda pair: pair[0].id, reverse=call.params.get("direction") == "desc")
    return call.page([issue_shapes.comment(said, issue, owner, call.state) for said, issue in found])


def add_comment(call: Call) -> Json | Moved:
    body = _comment_body(call)
    return _of(
        call,
        lambda issue, owner: issue_shapes.comment(desk.say(call.state, issue, body, call.by), issue, owner, call.state),
    )


def edit_comment(call: Call) -> Json:
    owner, body = call.repository, _comment_body(call)
    for issue in owner.issues.values():
        for said in issue.said:
            if said.id == int(call.path["comment_id"]):
                if said.by is not call.by:
                    call.needs("write")
                said.body, said.changed = body, call.state.now()
                return issue_shapes.comment(said, issue, owner, call.state)
    raise not_found()


def put_labels_on(call: Call) -> list[Json] | Moved:
    """A label that the repository has not is made, as GitHub does."""
    call.needs("triage")

    def put(issue: Issue, owner: Repository) -> list[Json]:
        for name in call.body.get("labels") or []:
            desk.put_on(call.state, issue, desk.add_label(call.state, owner, name), call.by)
        return _labels(call, issue.labels)

    return _of(call, put)


def take_label_off(call: Call) -> list[Json] | Moved:
    call.needs("triage")

    def take(issue: Issue, owner: Repository) -> list[Json]:
        label = desk.label_named(owner, call.path["name"])
        if label is None or label not in issue.labels:
            raise Refused(404, "Label does not exist")
        desk.take_off(call.state, issue, label, call.by)
        return _labels(call, issue.labels)

    return _of(call, take)


def list_labels(call: Call) -> Page:
    return call.page(_labels(call, sorted(call.repository.labels.values(), key=lambda label: label.name)))


def make_label(call: Call) -> Json:
    owner = call.needs("write")
    name = call.required("name", "Label")
    if desk.label_named(owner, name):
        raise invalid("Label", "already_exists", "name")
    return issue_shapes.label(desk.add_label(call.state, owner, name), owner, call.state)


def _of(call: Call, show: Callable[[Issue, Repository], Shown]) -> Shown | Moved:
    found = call.issue()
    return found if isinstance(found, Moved) else show(found, call.repository)


def _labels(call: Call, labels: list[Label]) -> list[Json]:
    return [issue_shapes.label(label, call.repository, call.state) for label in labels]


def _comment_body(call: Call) -> str:
    body = call.required("body", "IssueComment")
    if len(body) > BODY_MOST:
        raise invalid("IssueComment", "custom", "body", f"body is too long (maximum is {BODY_MOST} characters)")
    return body


def _since(call: Call) -> float:
    text = call.params.get("since", "")
    return datetime.fromisoformat(text).timestamp() if text else 0.0


_AT = "/repos/{owner}/{repo}"
_ISSUE = f"{_AT}/issues/{{issue_number}}"
_READ, _WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"
TABLE = (
    Endpoint("GET", f"{_AT}/issues", list_issues, "issues:read"),
    Endpoint("GET", f"{_AT}/issues/comments", list_all_comments, _READ),
    Endpoint("PATCH", f"{_AT}/issues/comments/{{comment_id}}", edit_comment, _WRITE),
    Endpoint("GET", _ISSUE, get_issue, "issues:read"),
    Endpoint("PATCH", _ISSUE, edit_issue, _WRITE),
    Endpoint("GET", f"{_ISSUE}/timeline", get_timeline, _READ),
    Endpoint("GET", f"{_ISSUE}/comments", list_comments, _READ),
    Endpoint("POST", f"{_ISSUE}/comments", add_comment, _WRITE, 201),
    Endpoint("POST", f"{_ISSUE}/labels", put_labels_on, _WRITE),
    Endpoint("DELETE", f"{_ISSUE}/labels/{{name}}", take_label_off, _WRITE),
    Endpoint("GET", f"{_AT}/labels", list_labels, _READ),
    Endpoint("POST", f"{_AT}/labels", make_label, _WRITE, 201),
)

"""The endpoints of issues, labels and timelines.

Source: as `testbed.gitea.routes`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from testbed.gitea import issue_shapes, shapes
from testbed.gitea.call import DEFAULT_PAGE, Call, Listed, paged
from testbed.gitea.issue_models import Happened, Issue, Label
from testbed.gitea.issue_state import (
    add_issue,
    add_label,
    issue_of,
    put_on,
    say,
    set_state,
    take_off,
)
from testbed.gitea.pull_models import Pull
from testbed.gitea.shapes import Json
from testbed.gitea.state import Refused, not_found


async def get_user(call: Call) -> Json:
    return shapes.user(call.by, call.site)


async def get_settings(call: Call) -> Json:
    return {
        "max_response_items": call.state.page_max,
        "default_paging_num": DEFAULT_PAGE,
        "default_git_trees_per_page": 1000,
        "default_max_blob_size": 10485760,
    }


async def list_assignees(call: Call) -> list[Json]:
    """Who may write to the repository, and its owner."""
    owner = call.repository
    return [shapes.user(login, call.site) for login in sorted((owner.tracker.writers or set()) | {owner.owner})]


async def list_issues(call: Call) -> Listed:
    """Only of all these labels; names that the repository has not are passed over, as Gitea does."""
    wanted, kind = call.params.get("state", "open"), call.params.get("type", "issues")
    names = call.params.get("labels", "").split(",")
    ids = {label.id for label in call.repository.tracker.labels.values() if label.name in names}
    found = [
        issue
        for issue in reversed(_tracked(call).issues.values())
        if (wanted not in ("open", "closed") or issue.state == wanted)
        and ids <= {label.id for label in issue.labels}
        and kind == "issues"
        and issue.changed >= _since(call)
    ]
    return paged(call, [issue_shapes.issue(issue, call.repository, call.site) for issue in found])


async def make_issue(call: Call) -> Json:
    title, body = call.required("title"), call.text("body") or ""
    labels = _labels(call, call.body.get("labels") or [])
    made = add_issue(call.state, call.repository, title, body, call.by, labels)
    return issue_shapes.issue(made, call.repository, call.site)


async def get_issue(call: Call) -> Json:
    return issue_shapes.issue(_issue(call), call.repository, call.site)


async def edit_issue(call: Call) -> Json:
    _see_that_may_write(call)
    found, state = _issue(call), call.text("state")
    found.title, found.body = call.text("title") or found.title, call.text("body") or found.body
    found.changed = call.state.now()
    if state is not None:
        set_state(call.state, found, state, call.by)
    return issue_shapes.issue(found, call.repository, call.site)


async def get_timeline(call: Call) -> Listed | None:
    """Beyond the last entry Gitea answers with a null."""
    found = _talked_about(call)
    owner, site = call.repository, call.site
    page = paged(call, [issue_shapes.happened(entry, found, owner, site) for entry in found.log])
    return page if page.entries else None


async def list_comments(call: Call) -> list[Json]:
    number = int(call.path["index"])
    if number in call.repository.pulls:
        pull = call.pull()
        return [shapes.comment(said, pull, call.repository, call.site) for said in pull.comments]
    return [_comment(call, said, _talked_about(call)) for said in _said(_talked_about(call))]


async def list_all_comments(call: Call) -> Listed:
    """Of issues and of pull requests."""
    owner, since = call.repository, _since(call)
    of_pulls = [
        (said.at, shapes.comment(said, pull, owner, call.site))
        for pull in owner.pulls.values()
        for said in pull.comments
        if said.at >= since
    ]
    of_issues = [
        (said.at, _comment(call, said, issue))
        for issue in owner.tracker.issues.values()
        for said in _said(issue)
        if said.changed >= since
    ]
    return paged(call, [shown for _, shown in sorted([*of_pulls, *of_issues], key=lambda pair: pair[0])])


async def add_comment(call: Call) -> Json:
    body = call.required("body")
    if int(call.path["index"]) in call.repository.pulls:
        pull = call.pull()
        return shapes.comment(call.state.add_comment(pull, body, call.by), pull, call.repository, call.site)
    found = _talked_about(call)
    return _comment(call, say(call.state, found, body, call.by), found)


async def edit_comment(call: Call) -> Json:
    for issue in call.repository.tracker.issues.values():
        for said in _said(issue):
            if said.id == int(call.path["id"]):
                if said.by != call.by:
                    _see_that_may_write(call)
                said.body, said.changed = call.required("body"), call.state.now()
                return _comment(call, said, issue)
    raise not_found()


async def put_labels_on(call: Call) -> list[Json]:
    _see_that_may_write(call)
    wanted = _labels(call, call.body.get("labels") or [])
    if int(call.path["index"]) in call.repository.pulls:
        pull = call.pull()
        pull.labels += [label for label in wanted if label not in pull.labels]
        return [shapes.label(label, call.repository, call.site) for label in pull.labels]
    found = _issue(call)
    for label in wanted:
        put_on(call.state, found, label, call.by)
    return [shapes.label(label, call.repository, call.site) for label in found.labels]


async def take_label_off(call: Call) -> None:
    found = _issue(call)
    _see_that_may_write(call)
    label = call.repository.tracker.labels.get(int(call.path["identifier"]))
    if label is None:
        raise Refused(422, "label does not exist")
    take_off(call.state, found, label, call.by)


async def list_labels(call: Call) -> Listed:
    owner = call.repository
    labels = sorted(owner.tracker.labels.values(), key=lambda label: label.name)
    return paged(call, [shapes.label(label, owner, call.site) for label in labels])


async def make_label(call: Call) -> Json:
    _tracked(call)
    _see_that_may_write(call)
    call.required("color")
    return shapes.label(add_label(call.state, call.repository, call.required("name")), call.repository, call.site)


def _tracked(call: Call) -> Any:
    """The repository's issues. Raises Refused (404) where they are switched off."""
    if not call.repository.tracker.on:
        raise not_found()
    return call.repository.tracker


def _issue(call: Call) -> Issue:
    return issue_of(call.repository, int(call.path["index"]))


def _talked_about(call: Call) -> Issue:
    """Where Gitea forgets that an issue may be missing: it answers 500, without a word."""
    try:
        return _issue(call)
    except Refused as missing:
        raise Refused(500, "") from missing


def _said(issue: Issue) -> list[Happened]:
    return [entry for entry in issue.log if entry.kind == "comment"]


def _comment(call: Call, said: Happened, about: Issue | Pull) -> Json:
    assert isinstance(about, Issue)
    return issue_shapes.comment(said, about, call.repository, call.site)


def _labels(call: Call, given: list[Any]) -> list[Label]:
    """By id or by name; what is not there is passed over, as Gitea does."""
    there = call.repository.tracker.labels.values()
    return [label for label in there if label.id in given or label.name in given]


def _see_that_may_write(call: Call) -> None:
    writers = call.repository.tracker.writers
    if writers is not None and call.by not in writers | {call.repository.owner}:
        raise Refused(403, "user should have a permission to write to a repo")


def _since(call: Call) -> float:
    text = call.params.get("since", "")
    return datetime.fromisoformat(text).timestamp() if text else 0.0

"""The part of Bitbucket's API that is served: one table of endpoints, with the scope that each needs.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/ ; a test holds the table to what is documented there.
"""

from __future__ import annotations

from collections.abc import Mapping

from testbed.bitbucket import shapes
from testbed.bitbucket.call import Call, Endpoint, Listed, Moved
from testbed.bitbucket.shapes import Json
from testbed.bitbucket.state import Account, Hook, Refused


def get_user(call: Call) -> Json:
    return shapes.account(call.by)


def get_account(call: Call) -> Json:
    found = call.state.account(call.path["selected_user"])
    if found is None:
        raise Refused(404, f"{call.path['selected_user']} is not a valid user or team.")
    return shapes.account(found)


def list_members(call: Call) -> Listed:
    workspace = {"type": "workspace", "slug": call.path["workspace"]}
    return Listed(
        [
            {"type": "workspace_membership", "user": shapes.account(one), "workspace": workspace}
            for one in call.state.members.values()
        ]
    )


def get_repository(call: Call) -> Json:
    return shapes.repository(call.repository, call.state.site)


def list_branches(call: Call) -> Listed:
    terms = call.terms()
    return Listed(
        [shapes.branch(one) for one in call.repository.branches.values() if terms.get("name", one.name) == one.name]
    )


def list_default_reviewers(call: Call) -> Listed:
    return Listed(
        [
            {"type": "default_reviewer", "reviewer_type": "repository", "user": shapes.account(one)}
            for one in call.repository.default_reviewers
        ]
    )


def list_pulls(call: Call) -> Listed:
    terms, owner = call.terms(), call.repository
    found = [
        one
        for one in owner.pulls.values()
        if terms.get("source.branch.name", one.head) == one.head
        and terms.get("destination.branch.name", one.base) == one.base
        and terms.get("state", "OPEN") == one.state
    ]
    return Listed([shapes.pull(one, owner, call.state.site, whole=False) for one in found])


def _required_title(call: Call) -> str:
    title = call.body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise Refused(400, "title: This field is required.", fields={"title": ["This field is required."]})
    return title


def _reviewers(call: Call, author: Account) -> list[Account]:
    found = []
    for one in call.body.get("reviewers", []):
        person = call.state.account(str(one.get("uuid")))
        if person is None:
            raise Refused(400, "Bad request", fields={"reviewers": ["Malformed reviewers list"]})
        if person == author:
            said = f"{author.name} is the author and cannot be included as a reviewer."
            raise Refused(400, "Bad request", fields={"reviewers": [said]})
        found.append(person)
    return found


def open_pull(call: Call) -> Json:
    owner, title = call.repository, _required_title(call)
    head = str(call.body["source"]["branch"]["name"])
    base = str((call.body.get("destination") or {"branch": {"name": owner.main}})["branch"]["name"])
    made = call.state.open_pull(
        owner,
        call.by,
        head,
        base,
        title,
        str(call.body.get("description", "")),
        draft=bool(call.body.get("draft")),
        reviewers=_reviewers(call, call.by),
    )
    return shapes.pull(made, owner, call.state.site)


def get_pull(call: Call) -> Json:
    return shapes.pull(call.pull, call.repository, call.state.site)


def edit_pull(call: Call) -> Json:
    """What is left out of the body is taken off, but for the draft state."""
    found = call.pull
    if found.state != "OPEN":
        raise Refused(400, "Only open pull requests can be mutated")
    title, reviewers = _required_title(call), _reviewers(call, found.by)
    found.title, found.text, found.reviewers = title[:255], str(call.body.get("description", "")), reviewers
    found.draft = bool(call.body.get("draft", found.draft))
    return shapes.pull(found, call.repository, call.state.site)


def decline_pull(call: Call) -> Json:
    call.pull.state = "DECLINED"
    return get_pull(call)


def list_comments(call: Call) -> Listed:
    return Listed([shapes.comment(one, call.pull) for one in call.pull.comments])


def add_comment(call: Call) -> Json:
    inline = call.body.get("inline") or {}
    made = call.state.say(
        call.pull, call.by, str(call.body["content"]["raw"]), inline.get("path", ""), inline.get("to", 0)
    )
    return shapes.comment(made, call.pull)


def approve(call: Call) -> Json:
    return shapes.participant(call.state.judge(call.pull, call.by, "approved"), call.pull)


def request_changes(call: Call) -> Json:
    return shapes.participant(call.state.judge(call.pull, call.by, "changes_requested"), call.pull)


def pull_diffstat(call: Call) -> Moved:
    pull = call.pull
    ends = [call.repository.branches[name].commit for name in (pull.head, pull.base)]
    return Moved(f"/repositories/{call.repository.full_name}/diffstat/{ends[0]}..{ends[1]}")


def get_diffstat(call: Call) -> Listed:
    """Every branch changes README.md alone."""
    side = {"type": "commit_file", "path": "README.md"}
    shown = {"type": "diffstat", "status": "modified", "lines_added": 3, "lines_removed": 3, "old": side, "new": side}
    return Listed([shown] if call.repository else [])


def list_statuses(call: Call) -> Listed:
    return Listed([shapes.status(one) for one in call.repository.statuses.get(call.path["commit"], {}).values()])


def list_hooks(call: Call) -> Listed:
    return Listed([shapes.hook(one) for one in call.repository.hooks.values()])


def add_hook(call: Call) -> Json:
    url = str(call.body.get("url", ""))
    if not url.startswith(("https://", "http://")):
        raise Refused(400, "Bad request", fields={"url": ["Enter a valid URL."]})
    id_ = f"{{hook-{call.state.next()}}}"
    made = Hook(id_, url, list(call.body["events"]), bool(call.body["active"]), str(call.body.get("secret", "")))
    call.repository.hooks[id_] = made
    return shapes.hook(made)


def edit_hook(call: Call) -> Json:
    found = call.repository.hooks.get(call.path["uid"])
    if found is None:
        raise Refused(404, "No such webhook")
    found.url, found.events = str(call.body["url"]), list(call.body["events"])
    found.active, found.secret = bool(call.body["active"]), str(call.body.get("secret", found.secret))
    return shapes.hook(found)


_R = "/repositories/{workspace}/{repo_slug}"
_PULL = f"{_R}/pullrequests/{{pull_request_id}}"
READ, WRITE = "pullrequest", "pullrequest:write"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/user", get_user, "account"),
    Endpoint("GET", "/users/{selected_user}", get_account, ""),
    Endpoint("GET", "/workspaces/{workspace}/members", list_members, "account"),
    Endpoint("GET", _R, get_repository, "repository"),
    Endpoint("GET", f"{_R}/refs/branches", list_branches, "repository"),
    Endpoint("GET", f"{_R}/effective-default-reviewers", list_default_reviewers, READ),
    Endpoint("GET", f"{_R}/pullrequests", list_pulls, READ),
    Endpoint("POST", f"{_R}/pullrequests", open_pull, WRITE, status=201),
    Endpoint("GET", _PULL, get_pull, READ),
    Endpoint("PUT", _PULL, edit_pull, WRITE),
    Endpoint("POST", f"{_PULL}/decline", decline_pull, WRITE),
    Endpoint("GET", f"{_PULL}/comments", list_comments, READ),
    Endpoint("POST", f"{_PULL}/comments", add_comment, READ, status=201),
    Endpoint("POST", f"{_PULL}/approve", approve, WRITE),
    Endpoint("POST", f"{_PULL}/request-changes", request_changes, WRITE),
    Endpoint("GET", f"{_PULL}/diffstat", pull_diffstat, READ),
    Endpoint("GET", f"{_R}/diffstat/{{spec}}", get_diffstat, "repository"),
    Endpoint("GET", f"{_R}/commit/{{commit}}/statuses", list_statuses, "repository"),
    Endpoint("GET", f"{_R}/hooks", list_hooks, "webhook"),
    Endpoint("POST", f"{_R}/hooks", add_hook, "webhook", status=201),
    Endpoint("PUT", f"{_R}/hooks/{{uid}}", edit_hook, "webhook"),
)


def find(method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
    """The endpoint that serves this path (below /2.0) and what its path names. Raises Refused (404)."""
    for endpoint in ENDPOINTS:
        found = endpoint.pattern.match(path) if endpoint.method == method else None
        if found:
            return endpoint, found.groupdict()
    raise Refused(404, "Resource not found")

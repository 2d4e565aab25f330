"""Pull requests, their reviewers and labels: endpoints, and how they are shown.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/ (7.1); a test holds the answers to the vendor's own
client.
"""

from __future__ import annotations

from collections.abc import Mapping

from testbed.azure import pull_state as git
from testbed.azure.call import Call, Endpoint
from testbed.azure.code_routes import PULL, READ, REPOSITORY, WRITE, paged, pull_of, repository_of, shown_repository
from testbed.azure.models import Json, Person
from testbed.azure.project_routes import identity, listed
from testbed.azure.pull_state import HEADS, Pull, Repository
from testbed.azure.state import Refused, date


def _shown_pull(call: Call, found: Pull, owner: Repository, *, whole: bool = True) -> Json:
    """whole: as its own address gives it; a list cuts the text short."""
    commits = {
        name: {"commitId": owner.branches[ref.removeprefix(HEADS)].id}
        for name, ref in (("lastMergeSourceCommit", found.source), ("lastMergeTargetCommit", found.target))
        if ref.removeprefix(HEADS) in owner.branches
    }
    shown = {
        "pullRequestId": found.id,
        "codeReviewId": found.id,
        "repository": shown_repository(call, owner),
        "status": found.status,
        "createdBy": identity(call, found.by),
        "creationDate": date(found.at),
        "title": found.title,
        "sourceRefName": found.source,
        "targetRefName": found.target,
        "isDraft": found.draft,
        "mergeStatus": "succeeded",
        "reviewers": [_reviewer(call, call.state.people[name], value) for name, value in found.votes.items()],
        "url": f"{call.state.root}/_apis/git/repositories/{owner.id}/pullRequests/{found.id}",
        **commits,
    }
    if found.status != "active":
        shown["closedDate"] = date(found.at)
    return shown | ({"description": found.text if whole else found.text[:400]} if found.text else {})


def _reviewer(call: Call, person: Person, value: int) -> Json:
    return identity(call, person) | {"vote": value, "isRequired": False, "hasDeclined": False}


def _pulls(call: Call) -> Json:
    owner = repository_of(call)
    wanted = {name: call.params.get(f"searchCriteria.{name}") for name in ("status", "sourceRefName", "targetRefName")}
    found = [
        one
        for one in reversed(owner.pulls.values())
        if wanted["status"] in (None, "all", one.status)
        and wanted["sourceRefName"] in (None, one.source)
        and wanted["targetRefName"] in (None, one.target)
    ]
    return paged(call, [_shown_pull(call, one, owner, whole=False) for one in found])


def _open(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    body, owner = call.body, repository_of(call)
    made = git.open_pull(
        call.state,
        owner,
        call.by,
        body["sourceRefName"],
        body["targetRefName"],
        body["title"],
        body.get("description", ""),
        draft=body.get("isDraft", False),
    )
    return _shown_pull(call, made, owner)


def _get(call: Call) -> Json:
    return _shown_pull(call, pull_of(call), repository_of(call))


def _edit(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    found, body = pull_of(call), call.body
    if found.status != "active":
        raise Refused(400, "TF401181: The pull request cannot be edited due to its state.", "GitPullRequestException")
    title, text = body.get("title", found.title), body.get("description", found.text)
    git.check_texts(title, text)
    found.title, found.text, found.draft = title, text, body.get("isDraft", found.draft)
    return _shown_pull(call, found, repository_of(call))


def _query(call: Call) -> Json:
    """The pull requests that hold a commit."""
    owner = repository_of(call)
    results: list[Mapping[str, list[Json]]] = []
    for query in call.body["queries"]:
        found: dict[str, list[Json]] = {}
        for commit in query["items"]:
            heads = {HEADS + name for name, there in owner.branches.items() if there.id == commit}
            if pulls := [_shown_pull(call, one, owner) for one in owner.pulls.values() if one.source in heads]:
                found[commit] = pulls
        results.append(found)
    return {"queries": call.body["queries"], "results": results}


def _review(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    id_, found = call.path["person"], pull_of(call)
    people = {person.id: person for person in call.state.people.values()}
    if id_ not in people:
        raise Refused(404, f"TF14045: The identity with TeamFoundationId {id_} could not be found.")
    value = int(call.body["vote"])
    if value and people[id_] is not call.by:
        raise Refused(403, "TF401186: You cannot record a vote for someone else.", "GitPullRequestException")
    git.vote(call.state, found, people[id_], value)
    return _reviewer(call, people[id_], value)


def _labels(call: Call) -> Json:
    return listed([{"id": name, "name": name, "active": True} for name in pull_of(call).labels])


def _label(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    name, found = call.body["name"], pull_of(call)
    if name not in found.labels:
        found.labels.append(name)
    return {"id": name, "name": name, "active": True}


TABLE = (
    Endpoint("GET", f"{REPOSITORY}/pullrequests", _pulls, READ),
    Endpoint("POST", f"{REPOSITORY}/pullrequests", _open, WRITE, status=201),
    Endpoint("POST", f"{REPOSITORY}/pullrequestquery", _query, READ),
    Endpoint("GET", PULL, _get, READ),
    Endpoint("PATCH", PULL, _edit, WRITE),
    Endpoint("PUT", f"{PULL}/reviewers/{{person}}", _review, WRITE),
    Endpoint("GET", f"{PULL}/labels", _labels, READ),
    Endpoint("POST", f"{PULL}/labels", _label, WRITE),
)

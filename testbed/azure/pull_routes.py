"""Repositories and pull requests: endpoints, and how their objects are shown.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/ (7.1); a test holds the answers to the vendor's own
client.
"""

from __future__ import annotations

from collections.abc import Mapping

from testbed.azure import pull_state as git
from testbed.azure.call import Call, Endpoint
from testbed.azure.models import Json, Person
from testbed.azure.project_routes import identity, listed
from testbed.azure.pull_state import HEADS, Pull, Remark, Repository, Status, Thread
from testbed.azure.state import Refused, date

_BUILD = {"id": "0609b952-1397-4640-95ec-e00a01b2c241", "displayName": "Build"}
_PEOPLE = {"id": "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd", "displayName": "Minimum number of reviewers"}


def _owner(call: Call) -> Repository:
    return git.repository(call.state, call.path["project"], call.path["repository"])


def _pull(call: Call) -> Pull:
    return git.pull(_owner(call), int(call.path["number"]))


def _paged(call: Call, found: list[Json]) -> Json:
    return listed(found[call.number("$skip", 0) :][: call.number("$top", 101)])


# Repositories


def _shown(call: Call, owner: Repository) -> Json:
    project = {"id": owner.project.id, "name": owner.project.name, "state": "wellFormed"}
    shown: Json = {
        "id": owner.id,
        "name": owner.name,
        "url": f"{call.state.root}/_apis/git/repositories/{owner.id}",
        "project": project,
        "webUrl": f"{call.state.root}/{owner.project.name}/_git/{owner.name}",
        "isDisabled": owner.disabled,
    }
    return shown | ({"defaultBranch": HEADS + owner.default} if owner.branches else {})


def _repository(call: Call) -> Json:
    return _shown(call, _owner(call))


def _refs(call: Call) -> Json:
    wanted = f"refs/{call.params.get('filter', '')}"
    found = sorted((HEADS + name, commit.id) for name, commit in _owner(call).branches.items())
    return _paged(call, [{"name": name, "objectId": id_} for name, id_ in found if name.startswith(wanted)])


def _commit(call: Call) -> Json:
    for commit in _owner(call).branches.values():
        if commit.id == call.path["commit"]:
            made = {"name": "Ann", "email": "ann@example.org", "date": date(commit.at)}
            return {"commitId": commit.id, "author": made, "committer": made, "comment": "A commit"}
    raise Refused(404, f"TF401175: The version descriptor {call.path['commit']} could not be resolved.")


def _items(call: Call) -> Json:
    """Files of the default branch: one with its text, or those of a folder."""
    files = _owner(call).files
    if path := call.params.get("path"):
        if path not in files:
            raise Refused(404, f"TF401174: The item {path} could not be found.", "GitItemNotFoundException")
        return {"path": path, "gitObjectType": "blob", "content": files[path]}
    folder = call.params["scopePath"].rstrip("/")
    below = [path for path in files if path.startswith(f"{folder}/")]
    if not below:
        raise Refused(404, f"TF401174: The item {folder} could not be found.", "GitItemNotFoundException")
    shown: dict[str, Json] = {folder or "/": {"path": folder or "/", "isFolder": True, "gitObjectType": "tree"}}
    for path in below:
        parts = path.removeprefix(f"{folder}/").split("/")
        deep = len(parts) if call.params.get("recursionLevel") == "full" else 1
        for length in range(1, deep + 1):
            here = f"{folder}/{'/'.join(parts[:length])}"
            is_file = length == len(parts)
            kind = {"gitObjectType": "blob"} if is_file else {"gitObjectType": "tree", "isFolder": True}
            shown[here] = {"path": here, **kind}
    return listed(list(shown.values()))


# Pull requests


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
        "repository": _shown(call, owner),
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
    return shown | ({"description": found.text if whole else found.text[:400]} if found.text else {})


def _reviewer(call: Call, person: Person, value: int) -> Json:
    return identity(call, person) | {"vote": value, "isRequired": False, "hasDeclined": False}


def _pulls(call: Call) -> Json:
    owner = _owner(call)
    wanted = {name: call.params.get(f"searchCriteria.{name}") for name in ("status", "sourceRefName", "targetRefName")}
    found = [
        one
        for one in reversed(owner.pulls.values())
        if wanted["status"] in (None, "all", one.status)
        and wanted["sourceRefName"] in (None, one.source)
        and wanted["targetRefName"] in (None, one.target)
    ]
    return _paged(call, [_shown_pull(call, one, owner, whole=False) for one in found])


def _open(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    body, owner = call.body, _owner(call)
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
    return _shown_pull(call, _pull(call), _owner(call))


def _edit(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    found, body = _pull(call), call.body
    if found.status != "active":
        raise Refused(400, "TF401181: The pull request cannot be edited due to its state.", "GitPullRequestException")
    title, text = body.get("title", found.title), body.get("description", found.text)
    git.check_texts(title, text)
    found.title, found.text, found.draft = title, text, body.get("isDraft", found.draft)
    return _shown_pull(call, found, _owner(call))


def _query(call: Call) -> Json:
    """The pull requests that hold a commit."""
    owner = _owner(call)
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
    id_, found = call.path["person"], _pull(call)
    people = {person.id: person for person in call.state.people.values()}
    if id_ not in people:
        raise Refused(404, f"TF14045: The identity with TeamFoundationId {id_} could not be found.")
    value = int(call.body["vote"])
    if value and people[id_] is not call.by:
        raise Refused(403, "TF401186: You cannot record a vote for someone else.", "GitPullRequestException")
    git.vote(call.state, found, people[id_], value)
    return _reviewer(call, people[id_], value)


def _labels(call: Call) -> Json:
    return listed([{"id": name, "name": name, "active": True} for name in _pull(call).labels])


def _label(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    name, found = call.body["name"], _pull(call)
    if name not in found.labels:
        found.labels.append(name)
    return {"id": name, "name": name, "active": True}


# Threads


def _threads(call: Call) -> Json:
    return listed([_thread(call, one) for one in _pull(call).threads])


def _thread(call: Call, found: Thread) -> Json:
    shown: Json = {
        "id": found.id,
        "publishedDate": date(found.at),
        "lastUpdatedDate": date(found.at),
        "comments": [_remark(call, one) for one in found.remarks],
        "status": found.status,
        "threadContext": None,
        "properties": {},
        "identities": None,
        "isDeleted": False,
    }
    if found.path:
        ends = {"line": found.line, "offset": 1}
        shown["threadContext"] = {"filePath": found.path} | (
            {"rightFileStart": ends, "rightFileEnd": ends} if found.line else {}
        )
    if found.voted:
        kind = {"$type": "System.String", "$value": "VoteUpdate"}
        shown |= {"properties": {"CodeReviewThreadType": kind}, "identities": {"1": identity(call, found.voted)}}
    return shown


def _remark(call: Call, found: Remark) -> Json:
    return {
        "id": found.id,
        "parentCommentId": 0,
        "author": identity(call, found.by),
        "content": "" if found.deleted else found.text,
        "publishedDate": date(found.at),
        "lastUpdatedDate": date(found.at),
        "commentType": found.kind,
        "isDeleted": found.deleted,
    }


def _say(call: Call) -> Json:
    call.must_write("TF401027: You need the Git 'PullRequestContribute' permission to perform this action")
    body = call.body
    context = body.get("threadContext") or {}
    line = (context.get("rightFileStart") or {}).get("line", 0)
    said = body["comments"][0]["content"]
    made = git.say(call.state, _pull(call), call.by, said, context.get("filePath", ""), line, body["status"])
    return _thread(call, made)


def _iterations(call: Call) -> Json:
    found = _pull(call)
    return listed([{"id": number, "createdDate": date(found.at)} for number in (1, 2)])


def _changes(call: Call) -> Json:
    """Every branch changes README.md alone."""
    assert _pull(call)
    entries = [{"changeId": 1, "changeType": "edit", "item": {"path": "/README.md"}}]
    return {"changeEntries": entries[call.number("$skip", 0) :][: call.number("$top", 100)]}


# What CI says


def _status(found: Status) -> Json:
    return {
        "id": found.id,
        "state": found.state,
        "context": {"name": found.name, "genre": found.genre or None},
        "targetUrl": found.url,
        "creationDate": date(found.at),
        "description": "",
    }


def _commit_statuses(call: Call) -> Json:
    found = _owner(call).statuses.get(call.path["commit"], [])
    if call.params.get("latestOnly") == "true":
        found = list({one.name: one for one in found}.values())
    return listed([_status(one) for one in found])


def _pull_statuses(call: Call) -> Json:
    return listed([_status(one) for one in _pull(call).statuses])


def _evaluations(call: Call) -> Json:
    project = call.project
    about = call.params.get("artifactId", "")
    start = f"vstfs:///CodeReview/CodeReviewId/{project.id}/"
    if not about.startswith(start):
        raise Refused(400, f"{about} is no artifact of project {project.name}.", "ArgumentException")
    number = int(about.removeprefix(start))
    found = next(one.pulls[number] for one in git.repositories(call.state).values() if number in one.pulls)
    builds = [
        {
            "evaluationId": f"evaluation-{at}",
            "status": build["status"],
            "startedDate": date(found.at),
            "configuration": {
                "id": at,
                "type": _BUILD,
                "isEnabled": True,
                "isBlocking": True,
                "settings": {"buildDefinitionId": at, "displayName": build["name"]},
            },
            "context": {"buildId": 100 + at, "buildDefinitionName": build["name"]},
        }
        for at, build in enumerate(found.builds)
    ]
    people: Json = {"id": 99, "type": _PEOPLE, "isEnabled": True, "isBlocking": True, "settings": {}}
    return listed([*builds, {"evaluationId": "people", "status": "queued", "configuration": people, "context": None}])


_G = "/{project}/_apis/git/repositories/{repository}"
_P = f"{_G}/pullrequests/{{number}}"
READ, WRITE = "vso.code", "vso.code_write"

TABLE = (
    Endpoint("GET", _G, _repository, READ),
    Endpoint("GET", f"{_G}/refs", _refs, READ),
    Endpoint("GET", f"{_G}/commits/{{commit}}", _commit, READ),
    Endpoint("GET", f"{_G}/commits/{{commit}}/statuses", _commit_statuses, READ),
    Endpoint("GET", f"{_G}/items", _items, READ),
    Endpoint("GET", f"{_G}/pullrequests", _pulls, READ),
    Endpoint("POST", f"{_G}/pullrequests", _open, WRITE, status=201),
    Endpoint("POST", f"{_G}/pullrequestquery", _query, READ),
    Endpoint("GET", _P, _get, READ),
    Endpoint("PATCH", _P, _edit, WRITE),
    Endpoint("PUT", f"{_P}/reviewers/{{person}}", _review, WRITE),
    Endpoint("GET", f"{_P}/labels", _labels, READ),
    Endpoint("POST", f"{_P}/labels", _label, WRITE),
    Endpoint("GET", f"{_P}/threads", _threads, READ),
    Endpoint("POST", f"{_P}/threads", _say, WRITE),
    Endpoint("GET", f"{_P}/iterations", _iterations, READ),
    Endpoint("GET", f"{_P}/iterations/{{iteration}}/changes", _changes, READ),
    Endpoint("GET", f"{_P}/statuses", _pull_statuses, READ),
    Endpoint("GET", "/{project}/_apis/policy/evaluations", _evaluations, READ, preview=True),
)

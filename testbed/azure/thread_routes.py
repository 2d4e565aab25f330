"""Threads of comments on pull requests, and the files these change: endpoints, and how they are shown.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/ (7.1); a test holds the answers to the vendor's own
client.
"""

from __future__ import annotations

from testbed.azure import pull_state as git
from testbed.azure.call import Call, Endpoint
from testbed.azure.code_routes import PULL, READ, WRITE, pull_of
from testbed.azure.models import Json
from testbed.azure.project_routes import identity, listed
from testbed.azure.pull_state import Remark, Thread
from testbed.azure.state import date


def _threads(call: Call) -> Json:
    return listed([_thread(call, one) for one in pull_of(call).threads])


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
    made = git.say(call.state, pull_of(call), call.by, said, context.get("filePath", ""), line, body["status"])
    return _thread(call, made)


def _iterations(call: Call) -> Json:
    found = pull_of(call)
    return listed([{"id": number, "createdDate": date(found.at)} for number in (1, 2)])


def _changes(call: Call) -> Json:
    """Every branch changes README.md alone."""
    assert pull_of(call)
    entries = [{"changeId": 1, "changeType": "edit", "item": {"path": "/README.md"}}]
    return {"changeEntries": entries[call.number("$skip", 0) :][: call.number("$top", 100)]}


TABLE = (
    Endpoint("GET", f"{PULL}/threads", _threads, READ),
    Endpoint("POST", f"{PULL}/threads", _say, WRITE),
    Endpoint("GET", f"{PULL}/iterations", _iterations, READ),
    Endpoint("GET", f"{PULL}/iterations/{{iteration}}/changes", _changes, READ),
)

"""The endpoints that find many issues at once, and their changes.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ , and for Data Center
https://docs.atlassian.com/software/jira/docs/api/REST/latest/#api/2/search .
"""

from __future__ import annotations

from testbed.jira.call import Call
from testbed.jira.query import parsed
from testbed.jira.shapes import Json
from testbed.jira.state import Refused

BULK_COMMENTS = 20
"""Of an issue that is read together with others Cloud shows so many comments."""


def parse_jql(call: Call) -> Json:
    """Cloud: whether queries are good."""
    answers: list[Json] = []
    for query in call.body["queries"]:
        try:
            parsed(call.state, call.by, query)
            answers.append({"query": query})
        except Refused as wrong:
            answers.append({"query": query, "errors": wrong.sentences})
    return {"queries": answers}


def search_cloud(call: Call) -> Json:
    """With a token for the next page, and no total."""
    reconciled = {str(one) for one in call.body.get("reconcileIssues") or ()}
    if len(reconciled) > 50:
        raise Refused(400, "reconcileIssues accepts at most 50 ids.")
    found = call.found_by(call.body["jql"], reconciled)
    start, size = int(call.body.get("nextPageToken") or 0), call.size(call.body.get("maxResults"), 50)
    page = [call.shapes.issue(issue, call.body.get("fields") or (), BULK_COMMENTS) for issue in found[start:][:size]]
    last = start + size >= len(found)
    return {"issues": page, "isLast": last} | ({} if last else {"nextPageToken": str(start + size)})


def search_datacenter(call: Call) -> Json:
    start, size = int(call.body.get("startAt") or 0), call.size(call.body.get("maxResults"), 50)
    found = call.found_by(call.body["jql"], set())
    shown = []
    for issue in found[start:][:size]:
        one = call.shapes.issue(issue, call.body.get("fields") or (), 1000)
        if "changelog" in call.body.get("expand", ()):
            histories = [call.shapes.history(change) for change in issue.log]
            one["changelog"] = {
                "startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories
            }  # fmt: skip
        shown.append(one)
    return {"startAt": start, "maxResults": size, "total": len(found), "issues": shown}


def fetch_issues(call: Call) -> Json:
    """Cloud: issues as they are now; those that are gone are left out."""
    ids = call.body["issueIdsOrKeys"]
    if len(ids) > 100:
        raise Refused(400, "You can request up to 100 issues.")
    found = [issue for issue in call.state.issues.values() if issue.id in ids and call.may("BROWSE_PROJECTS")]
    shown = [call.shapes.issue(issue, call.body["fields"], BULK_COMMENTS) for issue in found]
    return {"issues": shown, "issueErrors": []}


def fetch_changelogs(call: Call) -> Json:
    """Cloud: changes of these fields, the oldest first, page by page."""
    ids, fields = call.body["issueIdsOrKeys"], call.body.get("fieldIds")
    all_of_them = [
        (issue.id, change)
        for issue in call.state.issues.values()
        for change in issue.log
        if issue.id in ids and (fields is None or change.field in fields)
    ]
    all_of_them.sort(key=lambda pair: (pair[1].at, int(pair[0])))
    start, size = int(call.body.get("nextPageToken") or 0), call.size(call.body.get("maxResults"), 1000)
    logs: dict[str, list[Json]] = {}
    for id_, change in all_of_them[start:][:size]:
        logs.setdefault(id_, []).append(call.shapes.history(change))
    shown = [{"issueId": id_, "changeHistories": histories} for id_, histories in logs.items()]
    more = {"nextPageToken": str(start + size)} if start + size < len(all_of_them) else {}
    return {"issueChangeLogs": shown} | more

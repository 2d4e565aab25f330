"""The part of Jira's API that is served: one table of endpoints.

Source: as `testbed.jira.shapes`.
"""

from __future__ import annotations

from typing import Any

from testbed.jira import hook_routes, searches
from testbed.jira.call import Call, Endpoint
from testbed.jira.models import Issue, Way
from testbed.jira.shapes import Json
from testbed.jira.state import Refused

CHANGES = 100
"""Of an issue's changelog so many come with it, on Cloud the newest."""
TEXT_LIMIT = 32767


def get_myself(call: Call) -> Json | None:
    return call.shapes.user(call.account)


def get_server(call: Call) -> Json:
    kind = "Cloud" if call.state.cloud else "Server"
    return {"baseUrl": call.state.site, "deploymentType": kind, "version": "1001.0.0", "versionNumbers": [1001, 0, 0]}


def get_project(call: Call) -> Json:
    found = call.project()
    return call.shapes.project(found) | {"archived": found.archived}


def list_statuses(call: Call) -> list[Json]:
    shown = [call.shapes.status(status) for status in call.project().statuses]
    link = f"{call.shapes.root}/issueType/10001"
    kinds = (("10001", "Task", False), ("10002", "Sub-task", True))
    return [{"id": id_, "name": name, "self": link, "subtask": sub, "statuses": shown} for id_, name, sub in kinds]


def list_permissions(call: Call) -> Json:
    names = call.params.get("permissions", "")
    if call.state.cloud and not names:
        raise Refused(400, "The permissions query parameter is required.")
    shown = {
        key: {"id": "1", "key": key, "name": key.replace("_", " ").capitalize(), "havePermission": call.may(key)}
        for key in names.split(",")
    }
    return {"permissions": shown}


def get_issue(call: Call) -> Json:
    found = call.issue()
    shown = call.shapes.issue(found, call.params["fields"].split(","), CHANGES)
    if "changelog" not in call.params.get("expand", ""):
        return shown
    changes = list(reversed(found.log))[:CHANGES] if call.state.cloud else found.log
    told = [call.shapes.history(change) for change in changes]
    page = {"startAt": 0, "maxResults": len(told), "total": len(found.log), "histories": told}
    return shown | {"changelog": page}


def list_changes(call: Call) -> Json:
    """Cloud: all of them, the oldest first."""
    log, start, size = call.issue().log, call.number("startAt", 0), call.size(call.number("maxResults", 100), 100)
    shown = [call.shapes.history(change) for change in log[start:][:size]]
    last = start + size >= len(log)
    return {"startAt": start, "maxResults": size, "total": len(log), "isLast": last, "values": shown}


def list_comments(call: Call) -> Json:
    comments = call.issue().comments
    if call.params.get("orderBy", "").startswith("-"):
        comments = list(reversed(comments))
    start, size = call.number("startAt", 0), call.size(call.number("maxResults", 100), 100)
    return call.shapes.comments(comments[start:][:size], start, size, len(comments))


def add_comment(call: Call) -> Json:
    found, body = call.issue(), _text(call)
    if not call.may("ADD_COMMENTS"):
        raise Refused(400, "You do not have the permission to comment on this issue.")
    return call.shapes.comment(call.state.say(found, call.account, body))


def edit_comment(call: Call) -> Json:
    found, body = call.issue(), _text(call)
    said = next((one for one in found.comments if one.id == call.path["comment"]), None)
    if said is None:
        raise Refused(404, f"Can not find a comment for the id: {call.path['comment']}.")
    if said.by is not call.account or not call.may("EDIT_OWN_COMMENTS"):
        raise Refused(400, "You do not have permission to edit this comment.")
    said.body, said.changed = body, call.state.clock()
    found.changed = said.changed
    return call.shapes.comment(said)


def list_transitions(call: Call) -> Json:
    found = call.issue()
    return {"expand": "transitions", "transitions": [call.shapes.transition(way) for way in _ways(call, found)]}


def make_transition(call: Call) -> None:
    found, wanted = call.issue(), str((call.body.get("transition") or {}).get("id"))
    way = next((one for one in _ways(call, found) if one.id == wanted), None)
    if way is None:
        raise Refused(400, f"It seems that you have tried to perform an illegal workflow operation ({wanted}).")
    if way.required:
        raise Refused(400, fields={way.required: f"{way.required.capitalize()} is required."})
    call.state.put(found, way.to, call.account)


def list_remote_links(call: Call) -> list[Json]:
    return [call.shapes.remote(title, url, number) for number, (title, url) in enumerate(call.issue().pages, 1)]


def list_assignable(call: Call) -> list[Any]:
    call.project()
    accounts = {account.id: account for account in call.state.tokens.values()}
    return [call.shapes.user(one) for one in accounts.values() if "ADD_COMMENTS" in one.permissions]


def find(endpoints: list[Endpoint], method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of a call, with what its path names. Raises Refused (404)."""
    for endpoint in endpoints:
        match = endpoint.pattern.fullmatch(path)
        if match and endpoint.method == method:
            return endpoint, match.groupdict()
    raise Refused(404, f"There is no {method} {path}.")


def _ways(call: Call, issue: Issue) -> list[Way]:
    """The transitions that the caller may make; without a word none for who may make none."""
    if not call.may("TRANSITION_ISSUES"):
        return []
    status = issue.status.id
    return [
        way
        for way in issue.project.ways
        if (way.sources is None and way.to.id != status) or (way.sources is not None and status in way.sources)
    ]


def _text(call: Call) -> Any:
    """The comment that is sent, in the markup of this Jira."""
    body = call.body.get("body")
    if call.state.cloud:
        if not isinstance(body, dict) or body.get("type") != "doc" or body.get("version") != 1:
            raise Refused(400, fields={"comment": "Comment body is not valid!"})
        length = _length(body)
    else:
        if not isinstance(body, str) or not body.strip():
            raise Refused(400, fields={"comment": "Comment body can not be empty!"})
        length = len(body.encode("utf-16-le")) // 2
    if length > TEXT_LIMIT:
        raise Refused(
            400, fields={"comment": "The entered text is too long. It exceeds the limit of 32,767 characters."}
        )
    return body


def _length(node: Json) -> int:
    own = len(str(node.get("text", "")).encode("utf-16-le")) // 2
    return own + sum(_length(child) for child in node.get("content", ()))


def _both(api: str) -> list[Endpoint]:
    issue = f"{api}/issue/{{issue}}"
    return [
        Endpoint("GET", f"{api}/myself", get_myself),
        Endpoint("GET", f"{api}/serverInfo", get_server),
        Endpoint("GET", f"{api}/project/{{project}}", get_project),
        Endpoint("GET", f"{api}/project/{{project}}/statuses", list_statuses),
        Endpoint("GET", f"{api}/mypermissions", list_permissions),
        Endpoint("GET", issue, get_issue),
        Endpoint("GET", f"{issue}/comment", list_comments),
        Endpoint("POST", f"{issue}/comment", add_comment, 201),
        Endpoint("PUT", f"{issue}/comment/{{comment}}", edit_comment),
        Endpoint("GET", f"{issue}/transitions", list_transitions),
        Endpoint("POST", f"{issue}/transitions", make_transition, 204),
        Endpoint("GET", f"{issue}/remotelink", list_remote_links),
        Endpoint("GET", f"{api}/user/assignable/search", list_assignable),
    ]


CLOUD = [
    Endpoint("POST", "/rest/api/3/jql/parse", searches.parse_jql),
    Endpoint("POST", "/rest/api/3/search/jql", searches.search_cloud),
    Endpoint("POST", "/rest/api/3/issue/bulkfetch", searches.fetch_issues),
    Endpoint("POST", "/rest/api/3/changelog/bulkfetch", searches.fetch_changelogs),
    Endpoint("GET", "/rest/api/3/issue/{issue}/changelog", list_changes),
    *_both("/rest/api/3"),
    *hook_routes.endpoints("/rest/webhooks/1.0/webhook"),
]
DATA_CENTER = [
    Endpoint("POST", "/rest/api/2/search", searches.search_datacenter),
    *_both("/rest/api/2"),
    *hook_routes.endpoints("/rest/jira-webhook/1.0/webhooks"),
]

"""Work items, their updates and comments.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/ : wiql, work-items, updates, comments.
"""

from __future__ import annotations

from typing import Any

from testbed.azure.call import Call, Endpoint
from testbed.azure.models import Change, Item, Json, Said
from testbed.azure.project_routes import identity, listed
from testbed.azure.state import DELETED, Refused, date
from testbed.azure.wiql import compiled

_NO_WRITE = "TF237111: The current user does not have permissions to save work items under the specified area path."
_FIELDS = "/fields/"
_BATCH, _UPDATES, _COMMENTS, _RESULTS = 200, 200, 200, 20_000


def shape(call: Call, item: Item, fields: list[str] | None = None, *, relations: bool = False) -> Json:
    """A WorkItem."""
    shown = {name: value for name, value in item.fields.items() if fields is None or name in fields}
    url = f"{call.state.root}/_apis/wit/workItems/{item.id}"
    found: Json = {"id": item.id, "rev": item.rev, "fields": shown, "url": url}
    formats = {name: form for name, form in item.formats.items() if name in shown}
    if formats:
        found["multilineFieldsFormat"] = formats
    if relations and item.relations:
        found["relations"] = item.relations
    return found


def _query(call: Call) -> Json:
    fits = compiled(call.body["query"])
    if call.params.get("timePrecision") != "true" and "ChangedDate" in call.body["query"]:
        raise Refused(400, "VS403443: The query has a time part; the query needs timePrecision.", "SyntaxException")
    found = [item for item in call.state.items.values() if not item.deleted and fits(item.fields)]
    top = call.number("$top", _RESULTS)
    return {
        "queryType": "flat",
        "queryResultType": "workItem",
        "asOf": date(call.state.now()),
        "columns": [{"referenceName": "System.Id", "name": "ID"}],
        "workItems": [{"id": item.id, "url": ""} for item in sorted(found, key=lambda one: one.id)[:top]],
    }


def _batch(call: Call) -> Json:
    ids = call.body["ids"]
    if len(ids) > _BATCH:
        raise Refused(400, f"VS402429: You can fetch at most {_BATCH} work items.", "VssPropertyValidationException")
    found = []
    for number in ids:
        item = call.state.items.get(number)
        if item is not None and not item.deleted:
            found.append(shape(call, item, call.body.get("fields")))
        elif call.body.get("errorPolicy") != "omit":
            call.state.item(number)
    return listed(found)


def _get(call: Call) -> Json:
    fields, expand = call.params.get("fields"), call.params.get("$expand")
    if fields and expand:
        raise Refused(400, "The expand parameter can not be used with the fields parameter.")
    return shape(call, _item(call), fields.split(",") if fields else None, relations=expand in ("relations", "all"))


def _item(call: Call) -> Item:
    text = call.path["id"]
    found = call.state.item(int(text)) if text.isdecimal() else None
    if found is None:
        raise Refused(400, f"The value '{text}' is not valid for Int32.")
    return found


def _update(call: Call) -> Json:
    item = _item(call)
    call.must_write(_NO_WRITE)
    fields = {}
    for operation in call.body:
        if operation["op"] == "test" and operation["path"] == "/rev":
            if operation["value"] != item.rev:
                text = "VS403351: Test Operation for path /rev failed due to mismatch."
                raise Refused(412, text, "TestPatchOperationFailedException")
        elif operation["op"] in ("add", "replace") and operation["path"].startswith(_FIELDS):
            fields[operation["path"].removeprefix(_FIELDS)] = operation["value"]
        else:
            raise Refused(400, "You must pass a valid patch document in the body of the request.")
    _check_fields(call, item.fields["System.WorkItemType"], item.fields["System.TeamProject"], fields)
    call.state.change(item, call.by.name, fields)
    return shape(call, item)


def _check_fields(call: Call, kind: str, project: str, fields: dict[str, Any]) -> None:
    if "System.BoardColumn" in fields:
        raise Refused(400, "TF401326: Invalid field status 'ReadOnly' for field 'System.BoardColumn'.")
    if "System.State" in fields and fields["System.State"] not in call.state.project(project).types[kind]:
        text = f"The field 'State' contains the value '{fields['System.State']}' that is not in the list of supported"
        raise Refused(400, text, "RuleValidationException")


def _create(call: Call) -> Json:
    """Only to see whether it would go."""
    if call.params.get("validateOnly") != "true":
        raise Refused(501, "this stand-in makes no work items by its API")
    if call.path["type"].removeprefix("$") not in call.project.types:
        text = f"VS402323: Work item type {call.path['type']} does not exist in project {call.project.name}"
        raise Refused(404, text, "WorkItemTypeNotFoundException")
    call.must_write(_NO_WRITE)
    return {"id": -1, "rev": 1, "fields": {}, "url": ""}


def _updates(call: Call) -> Json:
    item = _item(call)
    skip, top = call.number("$skip", 0), min(call.number("$top", _UPDATES), _UPDATES)
    return listed([_change(call, item, change) for change in item.changes[skip:][:top]])


def _change(call: Call, item: Item, change: Change) -> Json:
    last = change is item.changes[-1]
    after = item.changes[item.changes.index(change) + 1].at if not last else None
    fields: dict[str, Json] = {"System.ChangedDate": {"newValue": date(change.at)}}
    for name, (old, new) in change.fields.items():
        pair = {"oldValue": old, "newValue": new}
        fields[name] = {side: value for side, value in pair.items() if value is not None}
    if change.fields.get(DELETED) == (True, False):
        fields[DELETED] = {"oldValue": True, "newValue": False}
    return {
        "id": change.id,
        "workItemId": item.id,
        "rev": change.id,
        "revisedBy": identity(call, call.state.people[change.by]),
        "revisedDate": "9999-01-01T00:00:00Z" if after is None else date(after),
        "fields": fields,
        "url": "",
    }


def said_shape(call: Call, item: Item, said: Said) -> Json:
    """A Comment."""
    author = identity(call, call.state.people[said.by])
    found = {
        "workItemId": item.id,
        "id": said.id,
        "version": 1,
        "text": said.text,
        "createdBy": author,
        "createdDate": date(said.at),
        "modifiedBy": author,
        "modifiedDate": date(said.at),
        "url": "",
    }
    return found | ({"format": said.format} if call.params["api-version"].startswith("7.2") else {})


def _comments(call: Call) -> Json:
    item = _item(call)
    there = [said for said in item.comments if not said.deleted]
    if call.params.get("order", "desc") == "desc":
        there.reverse()
    start = call.number("continuationToken", 0)
    top = min(call.number("$top", _COMMENTS), _COMMENTS)
    here = there[start:][:top]
    found: Json = {"totalCount": len(there), "count": len(here)}
    found["comments"] = [said_shape(call, item, said) for said in here]
    return found | ({"continuationToken": str(start + top)} if start + top < len(there) else {})


def _comment(call: Call) -> Json:
    item = _item(call)
    call.must_write(_NO_WRITE)
    return said_shape(call, item, call.state.say(item, call.by.name, call.body["text"], _format(call)))


def _edit(call: Call) -> Json:
    item = _item(call)
    call.must_write(_NO_WRITE)
    said = next((one for one in item.comments if str(one.id) == call.path["comment"]), None)
    if said is None:
        raise Refused(404, "The comment does not exist.", "WorkItemCommentNotFoundException")
    if said.by != call.by.name:
        raise Refused(403, "You can only edit your own comments.", "AccessDeniedException")
    said.text, said.format = call.body["text"], _format(call)
    return said_shape(call, item, said)


def _format(call: Call) -> str:
    return call.params.get("format", "html").lower()


_COMMENTS_PATH = "/{project}/_apis/wit/workItems/{id}/comments"
TABLE = (
    Endpoint("POST", "/{project}/_apis/wit/wiql", _query, "vso.work"),
    Endpoint("POST", "/{project}/_apis/wit/workitemsbatch", _batch, "vso.work"),
    Endpoint("GET", "/{project}/_apis/wit/workitems/{id}", _get, "vso.work"),
    Endpoint("PATCH", "/{project}/_apis/wit/workitems/{id}", _update, "vso.work_write"),
    Endpoint("POST", "/{project}/_apis/wit/workitems/{type}", _create, "vso.work_write"),
    Endpoint("GET", "/{project}/_apis/wit/workItems/{id}/updates", _updates, "vso.work"),
    Endpoint("GET", _COMMENTS_PATH, _comments, "vso.work", preview=True),
    Endpoint("POST", _COMMENTS_PATH, _comment, "vso.work_write", preview=True),
    Endpoint("PATCH", _COMMENTS_PATH + "/{comment}", _edit, "vso.work_write", preview=True),
)

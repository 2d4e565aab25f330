"""The endpoints of merge requests, their notes, approvals and reviewers.

What is said of a source branch that is missing differs by version: this stand-in refuses it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from testbed.gitlab import merge_shapes, shapes
from testbed.gitlab.call import DEVELOPER, Call, Listed
from testbed.gitlab.models import MergeRequest, Project
from testbed.gitlab.shapes import Json
from testbed.gitlab.state import Refused, refused

OPENING_SECONDS = 0.02
"""Between GitLab's look for another merge request and its writing of the new one: two at once both come through."""
TITLE_MAX = 255


async def list_merge_requests(call: Call) -> Listed:
    owner = _owner(call)
    wanted = {name: call.params.get(f"{name}_branch") for name in ("source", "target")}
    state = call.params.get("state", "all")
    found = [
        one
        for one in owner.merge_requests.values()
        if state in ("all", one.state) and all(value in (None, getattr(one, name)) for name, value in wanted.items())
    ]
    found.sort(key=lambda one: one.at, reverse=call.params.get("sort", "desc") == "desc")
    return Listed([merge_shapes.merge_request(call.state, one, owner, whole=False) for one in found])


async def open_merge_request(call: Call) -> Json:
    owner = _owner(call)
    if owner.level(call.by) < DEVELOPER:
        raise refused(403, "403 Forbidden")
    source, target, title = (call.required(name) for name in ("source_branch", "target_branch", "title"))
    _check_title(title)
    if source == target:
        raise refused(422, ["You can't use same project/branch for source and target"])
    if missing := [name for name in (source, target) if name not in owner.branches]:
        raise refused(400, {"base": [f"Branch {missing[0]} does not exist"]})
    if there := call.state.open_between(owner, source, target):
        raise refused(409, [f"Another open merge request already exists for this source branch: !{there.iid}"])
    await asyncio.sleep(OPENING_SECONDS)
    body = str(call.body.get("description") or "")
    made = call.state.add_merge_request(owner, source, target, title, body, call.by)
    _label_and_ask(call, owner, made, "labels")
    return merge_shapes.merge_request(call.state, made, owner)


async def get_merge_request(call: Call) -> Json:
    return merge_shapes.merge_request(call.state, call.merge_request(), _owner(call))


async def edit_merge_request(call: Call) -> Json:
    owner, found = _owner(call), call.merge_request()
    if owner.level(call.by) < DEVELOPER:
        raise refused(403, "403 Forbidden")
    if "title" in call.body:
        _check_title(call.required("title"))
        found.title = call.required("title")
    if "description" in call.body:
        found.body = call.state.obeyed(str(call.body["description"] or ""))
    event = call.body.get("state_event")
    if event not in (None, "close", "reopen"):
        raise Refused(400, {"error": "state_event does not have a valid value"})
    if event:
        found.state = "closed" if event == "close" else "opened"
    _label_and_ask(call, owner, found, "add_labels")
    found.changed = call.state.now()
    return merge_shapes.merge_request(call.state, found, owner)


def _label_and_ask(call: Call, owner: Project, found: MergeRequest, field: str) -> None:
    """Labels that are not there are made, as GitLab does."""
    for name in call.names(field):
        call.state.add_label(owner, name)
        found.labels += [name] if name not in found.labels else []
    if "reviewer_ids" in call.body:
        call.state.ask_reviewers(owner, found, call.body["reviewer_ids"])


def _check_title(title: str) -> None:
    if len(title) > TITLE_MAX:
        raise refused(400, {"title": [f"is too long (maximum is {TITLE_MAX} characters)"]})


def _owner(call: Call) -> Project:
    found = call.project
    if not found.merge_requests_on:
        raise refused(403, "403 Forbidden")
    return found


# What is said


async def list_notes(call: Call) -> Listed:
    found = call.merge_request()
    notes = list(found.notes)
    if call.params.get("sort", "desc") == "desc":
        notes.reverse()
    return Listed([shapes.note(call.state, note, found) for note in notes])


async def add_note(call: Call) -> Json:
    found = call.merge_request()
    return shapes.note(call.state, call.state.say(found, call.required("body"), call.by), found)


async def list_diffs(call: Call) -> Listed:
    return Listed([dict(diff) for diff in call.merge_request().diffs])


async def start_discussion(call: Call) -> Json:
    """Of a line, where a position is given; GitLab takes lines alone that the difference shows."""
    found, position = call.merge_request(), call.body.get("position")
    if position is not None and not _shown(found, position):
        raise refused(400, {"line_code": ["can't be blank", "must be a valid line code"]})
    made = call.state.say(found, call.required("body"), call.by, position=position)
    return {"id": f"{made.id:040x}", "individual_note": False, "notes": [shapes.note(call.state, made, found)]}


def _shown(found: MergeRequest, position: dict[str, Any]) -> bool:
    diff = next((diff for diff in found.diffs if diff["new_path"] == position.get("new_path")), None)
    if diff is None or position.get("position_type") != "text":
        return diff is not None and position.get("position_type") == "file"
    old = new = 0
    for line in diff["diff"].splitlines():
        if line.startswith("@@"):
            old, new = (int(part.split(",")[0][1:]) for part in line.split()[1:3])
            continue
        pair = {"+": (None, new), "-": (old, None)}.get(line[:1], (old, new))
        if (position.get("old_line"), position.get("new_line")) == pair:
            return True
        old, new = old + (line[:1] != "+"), new + (line[:1] != "-")
    return False


# Approvals


async def get_approvals(call: Call) -> Json:
    return merge_shapes.approvals(call.state, call.merge_request(), call.by)


async def list_reviewers(call: Call) -> Listed:
    found = call.merge_request()
    return Listed([merge_shapes.reviewer(call.state, name, review, found) for name, review in found.reviewers.items()])


async def approve(call: Call) -> Json:
    """Who may not approve is told that they are not known."""
    owner, found = _owner(call), call.merge_request()
    own = found.by == call.by and not owner.author_approves
    if owner.level(call.by) < DEVELOPER or own or call.by in found.approved_by:
        raise refused(401, "401 Unauthorized")
    call.state.approve(found, call.by)
    return merge_shapes.approvals(call.state, found, call.by)


async def unapprove(call: Call) -> Json:
    found = call.merge_request()
    if call.by not in found.approved_by:
        raise refused(404, "404 Not Found")
    call.state.unapprove(found, call.by)
    return merge_shapes.approvals(call.state, found, call.by)

"""The endpoints of issues, their events, links and notes."""

from __future__ import annotations

from testbed.gitlab import shapes
from testbed.gitlab.call import PLANNER, Call, Listed
from testbed.gitlab.models import Issue, Label, Note
from testbed.gitlab.shapes import Json
from testbed.gitlab.state import refused


async def list_issues(call: Call) -> Listed:
    """Of all these labels; none where there is no such label."""
    owner = call.project
    if not owner.issues_on:
        raise refused(403, "403 Forbidden")
    wanted = [name for name in call.params.get("labels", "").split(",") if name]
    state = call.params.get("state", "all")
    found = [
        issue
        for issue in owner.issues.values()
        if state in ("all", issue.state)
        and set(wanted) <= {label.name for label in issue.labels}
        and call.may_see(issue)
    ]
    found.sort(key=lambda issue: issue.at, reverse=call.params.get("sort", "desc") == "desc")
    return Listed([shapes.issue(call.state, issue, owner) for issue in found])


async def get_issue(call: Call) -> Json:
    return shapes.issue(call.state, call.issue(), call.project)


async def edit_issue(call: Call) -> Json:
    """A guest may change what they wrote, but no labels; these are left as they are without a word."""
    found, owner = call.issue(), call.project
    trusted = owner.level(call.by) >= PLANNER
    if not trusted and found.by != call.by:
        raise refused(403, "403 Forbidden")
    if trusted:
        on = [_label(call, name) for name in call.names("add_labels")]
        off = [label for name in call.names("remove_labels") if (label := owner.label(name))]
        call.state.relabel(found, on, off, call.by)
    found.title = str(call.body.get("title") or found.title)
    found.body = str(call.body["description"]) if "description" in call.body else found.body
    if event := call.body.get("state_event"):
        call.state.set_state(found, str(event), call.by)
    return shapes.issue(call.state, found, owner)


def _label(call: Call, name: str) -> Label:
    """One that is not there is made, as GitLab does."""
    return call.project.label(name) or call.state.add_label(call.project, name)


async def list_label_events(call: Call) -> Listed:
    found = call.issue()
    return Listed([shapes.label_event(call.state, event, found) for event in found.label_events])


async def list_state_events(call: Call) -> Listed:
    found = call.issue()
    return Listed([shapes.state_event(call.state, event, found) for event in found.state_events])


async def list_links(call: Call) -> Listed:
    found, owner = call.issue(), call.project
    return Listed([shapes.linked(call.state, owner.issues[number], owner) for number in found.links])


async def list_notes(call: Call) -> Listed:
    """GitLab leaves what one may not read out of a page after it took it."""
    found = call.issue()
    team = call.project.level(call.by) >= PLANNER
    notes = [note for note in found.notes if team or not note.internal]
    if call.params.get("sort", "desc") == "desc":
        notes.reverse()
    return Listed([shapes.note(call.state, note, found) for note in notes])


async def add_note(call: Call) -> Json:
    found = call.issue()
    return shapes.note(call.state, call.state.say(found, call.required("body"), call.by), found)


async def edit_note(call: Call) -> Json:
    found = call.issue()
    note = _note(found, int(call.path["note_id"]))
    if note.by != call.by:
        raise refused(403, "403 Forbidden")
    note.body, note.changed = call.state.obeyed(call.required("body")), call.state.now()
    return shapes.note(call.state, note, found)


def _note(about: Issue, number: int) -> Note:
    for note in about.notes:
        if note.id == number:
            return note
    raise refused(404, "404 Not found")

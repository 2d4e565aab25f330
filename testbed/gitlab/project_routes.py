"""The endpoints of people, tokens, projects, labels, webhooks, branches, files and CI."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.gitlab import merge_shapes, shapes
from testbed.gitlab.call import DEVELOPER, MAINTAINER, Call, Listed, Text
from testbed.gitlab.models import Hook, Issue, MergeRequest, Note
from testbed.gitlab.shapes import Json
from testbed.gitlab.state import refused


async def get_user(call: Call) -> Json:
    return shapes.user(call.state, call.by)


async def get_token(call: Call) -> Json:
    return shapes.access_token(call.state, call.by, call.token.scopes)


async def get_project(call: Call) -> Json:
    found = call.project
    return shapes.project(call.state, found, found.members.get(call.by, 0))


async def list_members(call: Call) -> Listed:
    found = call.project
    return Listed(
        [shapes.member(call.state, name, found.level(name)) for name in sorted({**found.members, **found.invited})]
    )


async def get_member(call: Call) -> Json:
    found = call.project
    for name in {**found.members, **found.invited}:
        if call.state.user(name) == int(call.path["user_id"]):
            return shapes.member(call.state, name, found.level(name))
    raise refused(404, "404 Not found")


async def list_labels(call: Call) -> Listed:
    return Listed([shapes.label(found) for found in call.project.labels])


async def list_events(call: Call) -> Listed:
    """Comments alone, the newest leading: by the day, after that day."""
    after, owner = call.params.get("after", ""), call.project
    found = sorted(_said(call), key=lambda pair: pair[0].at, reverse=call.params.get("sort", "desc") == "desc")
    shown = [shapes.said(call.state, note, about, owner) for note, about in found]
    return Listed([event for event in shown if event["created_at"][:10] > after])


def _said(call: Call) -> Iterator[tuple[Note, Issue | MergeRequest]]:
    owner = call.project
    talked_about: list[Issue | MergeRequest] = [*owner.issues.values(), *owner.merge_requests.values()]
    for about in talked_about:
        if isinstance(about, Issue) and not call.may_see(about):
            continue
        yield from ((note, about) for note in about.notes if not note.system)


# Webhooks


async def list_hooks(call: Call) -> Listed:
    owner = call.allowed(MAINTAINER)
    return Listed([shapes.hook(found, owner) for found in owner.hooks.values()])


async def make_hook(call: Call) -> Json:
    owner = call.allowed(MAINTAINER)
    url = _hook_url(call)
    token, signing = str(call.body.get("token") or ""), str(call.body.get("signing_token") or "")
    return shapes.hook(call.state.add_hook(owner, url, _events(call), token, signing), owner)


async def edit_hook(call: Call) -> Json:
    owner, found = call.allowed(MAINTAINER), _hook(call)
    found.url = _hook_url(call)
    found.events |= _events(call)
    return shapes.hook(found, owner)


async def delete_hook(call: Call) -> None:
    call.allowed(MAINTAINER)
    del call.project.hooks[_hook(call).id]


def _hook(call: Call) -> Hook:
    found = call.project.hooks.get(int(call.path["hook_id"]))
    if found is None:
        raise refused(404, "404 Not found")
    return found


def _hook_url(call: Call) -> str:
    url = call.required("url")
    if not url.startswith(("http://", "https://")):
        raise refused(422, "Invalid url given")
    return url


def _events(call: Call) -> dict[str, bool]:
    return {event: bool(call.body[event]) for event in shapes.HOOK_EVENTS if event in call.body}


# The repository


async def get_branch(call: Call) -> Json:
    owner = call.project
    found = owner.branches.get(call.path["branch"])
    if found is None:
        raise refused(404, "404 Branch Not Found")
    return merge_shapes.branch(found, owner)


async def list_tree(call: Call) -> Listed:
    """The files of one folder."""
    folder, owner = call.params.get("path", ""), call.project
    if call.params.get("ref", owner.default_branch) not in owner.branches:
        raise refused(404, "404 Tree Not Found")
    names = [path for path in owner.files if path.rpartition("/")[0] == folder]
    if not names:
        raise refused(404, "404 invalid revision or path Not Found")
    return Listed(
        [
            {
                "id": f"{number:040x}",
                "name": path.rpartition("/")[2],
                "type": "blob",
                "path": path,
                "mode": "100644",
            }
            for number, path in enumerate(sorted(names), 1)
        ]
    )


async def get_file(call: Call) -> Text:
    text = call.project.files.get(call.path["file_path"])
    if text is None:
        raise refused(404, "404 File Not Found")
    return Text(text)


async def list_statuses(call: Call) -> Listed:
    commit, owner = call.path["sha"], call.project
    if commit not in {branch.commit for branch in owner.branches.values()}:
        raise refused(404, "404 Commit Not Found")
    return Listed([merge_shapes.status(found, commit) for found in owner.statuses.get(commit, [])])


async def graphql(call: Call) -> Json:
    """The one mutation that is served: a reviewer wants changes."""
    wanted = call.body.get("variables") or {}
    if "mergeRequestRequestChanges" not in str(call.body.get("query")):
        return {"errors": [{"message": "Field doesn't exist on type 'Mutation'", "path": ["mutation"]}]}
    owner = call.state.projects.get(str(wanted.get("path")).lower())
    found = owner.merge_requests.get(int(wanted.get("iid", 0))) if owner else None
    if owner is None or found is None or owner.level(call.by) < DEVELOPER:
        sentence = "The resource that you are attempting to access does not exist or you don't have permission"
        return {"data": {"mergeRequestRequestChanges": None}, "errors": [{"message": sentence}]}
    errors = [] if call.by in found.reviewers else ["Reviewer not found"]
    call.state.request_changes(found, call.by)
    return {"data": {"mergeRequestRequestChanges": {"errors": errors}}}

"""The endpoints of reviews, statuses and files.

Source: as `testbed.gitea.routes`.
"""

from __future__ import annotations

from typing import Any

from testbed.gitea import pull_shapes, pull_state, shapes
from testbed.gitea.call import Call, Listed, Text, paged
from testbed.gitea.pull_models import Review
from testbed.gitea.shapes import Json
from testbed.gitea.state import Refused, not_found


async def list_reviewers(call: Call) -> list[Json]:
    return [shapes.user(login, call.site) for login in pull_state.may_review(call.repository)]


async def ask_reviewers(call: Call) -> list[Json]:
    pull, wanted = call.pull(), call.body.get("reviewers") or []
    pull_state.ask(call.repository, pull, [str(login) for login in wanted])
    return [_review(call, Review(call.state.next_id(), str(login), "REQUEST_REVIEW", "", 0, "")) for login in wanted]


async def list_reviews(call: Call) -> Listed:
    asked = [Review(10_000_000 + at, login, "REQUEST_REVIEW", "", 0, "") for at, login in enumerate(call.pull().asked)]
    return paged(call, [_review(call, found) for found in [*call.pull().reviews, *asked]])


async def write_review(call: Call) -> Json:
    pull, given = call.pull(), call.body.get("comments") or []
    lines = [(one["path"], int(one.get("new_position") or 0), one["body"]) for one in given]
    kind, body = call.text("event") or "", call.text("body") or ""
    return _review(call, pull_state.judge(call.state, call.repository, pull, call.by, kind, body, lines))


async def list_line_comments(call: Call) -> list[Json]:
    pull = call.pull()
    for found in pull.reviews:
        if found.id == int(call.path["id"]):
            return [pull_shapes.on_line(said, found, pull, call.repository, call.site) for said in found.lines]
    raise not_found()


async def get_diff(call: Call) -> Text:
    if call.path["diffType"] not in ("diff", "patch"):
        raise not_found()
    return Text(pull_shapes.diff(call.pull()))


async def merge_pull(call: Call) -> Text:
    if call.required("Do") not in ("merge", "rebase", "squash"):
        raise Refused(422, "unknown merge style")
    pull_state.merge(call.state, call.pull())
    return Text("")


async def get_combined(call: Call) -> Json:
    owner, commit = call.repository, call.path["ref"]
    if commit not in {branch.commit for branch in owner.branches.values()}:
        raise not_found()
    newest = pull_state.newest(owner, commit)
    page: list[Any] = paged(call, newest).entries
    return pull_shapes.combined(page, len(newest), commit, owner, call.site)


async def report_status(call: Call) -> Json:
    context, state = call.text("context") or "default", call.required("state")
    made = pull_state.report(call.state, call.repository, call.path["sha"], context, state)
    return pull_shapes.status(made, call.site)


async def get_tree(call: Call) -> Json:
    """One folder: the root for a commit or branch, else the one of that made-up name."""
    owner, sha = call.repository, call.path["sha"]
    folders = {pull_shapes.blob(path.partition("/")[0]): path.partition("/")[0] for path in owner.files if "/" in path}
    known = {branch.commit for branch in owner.branches.values()} | owner.branches.keys()
    if sha not in folders and sha not in known:
        raise not_found()
    below = f"{folders[sha]}/" if sha in folders else ""
    names = sorted(path.removeprefix(below) for path in owner.files if path.startswith(below))
    kinds = {name.partition("/")[0]: "tree" if "/" in name else "blob" for name in names}
    return pull_shapes.tree(sha, kinds, len(kinds), call.number("page", 1), owner, call.site)


async def get_raw(call: Call) -> Text:
    if call.path["filepath"] not in call.repository.files:
        raise not_found()
    return Text(call.repository.files[call.path["filepath"]])


def _review(call: Call, found: Review) -> Json:
    return pull_shapes.review(found, call.pull(), call.repository, call.site)

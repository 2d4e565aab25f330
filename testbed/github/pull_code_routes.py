"""The endpoints of branches, files, and what CI says of a commit.

Sources: https://docs.github.com/en/rest/branches , https://docs.github.com/en/rest/repos/contents ,
https://docs.github.com/en/rest/checks/runs , https://docs.github.com/en/rest/commits/statuses
"""

from __future__ import annotations

from urllib.parse import quote

from testbed.github import pull_shapes
from testbed.github.call import Call, Endpoint, Json, Moved, Page
from testbed.github.shapes import repository
from testbed.github.state import Refused, not_found


def list_branches(call: Call) -> Page:
    owner = call.repository
    return call.page([pull_shapes.short_branch(one, owner, call.state) for one in owner.code.branches.values()])


def get_branch(call: Call) -> Json | Moved:
    """One that was renamed leads on to its new name."""
    owner, name = call.repository, call.path["branch"]
    if name in owner.code.branches:
        return pull_shapes.branch(owner.code.branches[name], owner, call.state)
    if name in owner.code.renamed:
        new = quote(owner.code.renamed[name], safe="")
        return Moved(f"{call.state.api}/repos/{owner.full_name}/branches/{new}")
    raise Refused(404, "Branch not found")


def get_root(call: Call) -> list[Json]:
    return _listed(call, "")


def get_contents(call: Call) -> Json | list[Json]:
    owner, path = call.repository, call.path["path"].strip("/")
    _check_ref(call)
    if path in owner.code.files:
        return pull_shapes.file(path, owner.code.files[path], owner, call.state)
    return _listed(call, path)


def _listed(call: Call, path: str) -> list[Json]:
    """A folder's files, and its folders."""
    owner, below = call.repository, f"{path}/" if path else ""
    _check_ref(call)
    inside = sorted(one.removeprefix(below) for one in owner.code.files if one.startswith(below))
    if not inside:
        raise not_found()
    files = [pull_shapes.file(below + one, None, owner, call.state) for one in inside if "/" not in one]
    folders = {one.partition("/")[0] for one in inside if "/" in one}
    return [*files, *(pull_shapes.folder(below + one, owner, call.state) for one in sorted(folders))]


def _check_ref(call: Call) -> None:
    ref = call.params.get("ref")
    if ref is not None and ref not in call.repository.code.branches:
        raise Refused(404, f"No commit found for the ref {ref}")


def list_check_runs(call: Call) -> Json:
    owner, commit = call.repository, call.path["ref"]
    runs = owner.code.runs.get(commit, [])
    page = call.page([pull_shapes.check_run(one, commit, owner, call.state) for one in runs])
    return {"total_count": len(runs), "check_runs": page.entries}


def get_status(call: Call) -> Json:
    """The newest of each context, together."""
    owner, commit = call.repository, call.path["ref"]
    newest = {one.context: one for one in owner.code.statuses.get(commit, [])}
    page = call.page([pull_shapes.status(one, commit, owner, call.state) for one in newest.values()])
    said = {one.state for one in newest.values()}
    state = "failure" if said & {"failure", "error"} else "success" if said == {"success"} else "pending"
    url = f"{call.state.api}/repos/{owner.full_name}/commits/{commit}"
    shown = {"state": state, "statuses": page.entries, "sha": commit, "total_count": len(newest)}
    whole = repository(owner, call.state, call.by.login)
    return shown | {"repository": whole, "commit_url": url, "url": f"{url}/status"}


def make_reference(call: Call) -> None:
    """This stand-in's branches are pushed by git alone, so all that it does is to refuse."""
    name = call.required("ref", "Reference").removeprefix("refs/heads/")
    raise Refused(422, "Reference already exists" if name in call.repository.code.branches else "Object does not exist")


_AT = "/repos/{owner}/{repo}"
TABLE = (
    Endpoint("GET", f"{_AT}/branches", list_branches, "contents:read"),
    Endpoint("GET", f"{_AT}/branches/{{branch}}", get_branch, "contents:read"),
    Endpoint("POST", f"{_AT}/git/refs", make_reference, "contents:write", 201),
    Endpoint("GET", f"{_AT}/contents/", get_root, "contents:read"),
    Endpoint("GET", f"{_AT}/contents/{{path}}", get_contents, "contents:read"),
    Endpoint("GET", f"{_AT}/commits/{{ref}}/check-runs", list_check_runs, "checks:read"),
    Endpoint("GET", f"{_AT}/commits/{{ref}}/status", get_status, "statuses:read"),
)

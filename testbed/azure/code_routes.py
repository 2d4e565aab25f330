"""Repositories, their branches and files: endpoints, and how they are shown.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/ (7.1); a test holds the answers to the vendor's own
client.
"""

from __future__ import annotations

from testbed.azure import pull_state as git
from testbed.azure.call import Call, Endpoint
from testbed.azure.models import Json
from testbed.azure.project_routes import listed
from testbed.azure.pull_state import HEADS, Pull, Repository
from testbed.azure.state import Refused, date

REPOSITORY = "/{project}/_apis/git/repositories/{repository}"
PULL = f"{REPOSITORY}/pullrequests/{{number}}"
READ, WRITE = "vso.code", "vso.code_write"


def repository_of(call: Call) -> Repository:
    return git.repository(call.state, call.path["project"], call.path["repository"])


def pull_of(call: Call) -> Pull:
    return git.pull(repository_of(call), int(call.path["number"]))


def paged(call: Call, found: list[Json]) -> Json:
    return listed(found[call.number("$skip", 0) :][: call.number("$top", 101)])


def shown_repository(call: Call, owner: Repository) -> Json:
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
    return shown_repository(call, repository_of(call))


def _refs(call: Call) -> Json:
    wanted = f"refs/{call.params.get('filter', '')}"
    found = sorted((HEADS + name, commit.id) for name, commit in repository_of(call).branches.items())
    return paged(call, [{"name": name, "objectId": id_} for name, id_ in found if name.startswith(wanted)])


def _commit(call: Call) -> Json:
    for commit in repository_of(call).branches.values():
        if commit.id == call.path["commit"]:
            made = {"name": "Ann", "email": "ann@example.org", "date": date(commit.at)}
            return {"commitId": commit.id, "author": made, "committer": made, "comment": "A commit"}
    raise Refused(404, f"TF401175: The version descriptor {call.path['commit']} could not be resolved.")


def _items(call: Call) -> Json:
    """Files of the default branch: one with its text, or those of a folder."""
    files = repository_of(call).files
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


TABLE = (
    Endpoint("GET", REPOSITORY, _repository, READ),
    Endpoint("GET", f"{REPOSITORY}/refs", _refs, READ),
    Endpoint("GET", f"{REPOSITORY}/commits/{{commit}}", _commit, READ),
    Endpoint("GET", f"{REPOSITORY}/items", _items, READ),
)

"""The repository's pull-request template at Gitea and Forgejo.

Source: https://docs.gitea.com/usage/issue-pull-request-templates ; Forgejo looks into .forgejo too. Those in YAML are
forms, which a person fills in: they are none here.
"""

from __future__ import annotations

from urllib.parse import quote

from boardhand_operator.forges.gitea import check
from boardhand_operator.forges.gitea.at import At
from boardhand_operator.http.transport import segment
from boardhand_operator.vendors.gitea.pages import Json

BYTES = 16 * 1024
"""So much of it is read."""
NAMES = ("PULL_REQUEST_TEMPLATE.md", "pull_request_template.md")
FOLDERS = (".forgejo", ".gitea", ".github")
PAGES = 20


async def read(at: At) -> str | None:
    """See `Forge.template`: two requests where there is none, one for each folder that may have it, and one for it."""
    branch = await check.branch(at, at.branch)
    if branch is None:
        return None
    root = await _tree(at, branch["commit"]["id"])
    path = _named(root)
    for folder in FOLDERS:
        if path is None and root.get(folder, {}).get("type") == "tree":
            below = _named(await _tree(at, root[folder]["sha"]))
            path = below and f"{folder}/{below}"
    if path is None:
        return None
    operation = f"read {path} of {at.full_name}"
    text = await at.http.text(operation, f"{at.root}/raw/{quote(path)}", {"ref": branch["commit"]["id"]})
    return text.encode()[:BYTES].decode(errors="ignore")


async def _tree(at: At, sha: str) -> dict[str, Json]:
    """The entries of one folder by their names."""
    operation, path = f"read the files of {at.full_name}", f"{at.root}/git/trees/{segment(sha)}"
    found: dict[str, Json] = {}
    for page in range(1, PAGES + 1):
        answer: Json = await at.http.get(operation, path, {"page": str(page), "per_page": "1000"})
        found |= {entry["path"]: entry for entry in answer.get("tree") or ()}
        if not answer.get("truncated"):
            break
    return found


def _named(tree: dict[str, Json]) -> str | None:
    return next((name for name in NAMES if tree.get(name, {}).get("type") == "blob"), None)

"""The project's merge-request template.

Sources: https://docs.gitlab.com/user/project/description_templates/ , https://docs.gitlab.com/api/repositories/ and
https://docs.gitlab.com/api/repository_files/
"""

from __future__ import annotations

from boardhand_operator.errors import NotFound
from boardhand_operator.http.transport import segment
from boardhand_operator.vendors.gitlab.client import Project

FOLDER = ".gitlab/merge_request_templates"
NAME = "default.md"
"""The one that GitLab itself takes where a person names none; its letters may be of any case."""
BYTES = 16_384
"""Of a longer one the rest is left out."""


async def read(project: Project, branch: str) -> str | None:
    """The template on this branch, or None."""
    path = await _path(project, branch)
    if path is None:
        return None
    address = f"{project.root}/repository/files/{segment(path)}/raw"
    text = await project.http.text(f"read {path}", address, {"ref": branch})
    return text.encode()[:BYTES].decode(errors="ignore")


async def _path(project: Project, branch: str) -> str | None:
    params = {"path": FOLDER, "ref": branch}
    try:
        async for page in project.pages(f"list {FOLDER}", "/repository/tree", params):
            for entry in page:
                if entry["type"] == "blob" and entry["name"].lower() == NAME:
                    return str(entry["path"])
    except NotFound:
        return None
    return None

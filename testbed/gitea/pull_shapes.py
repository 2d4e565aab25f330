"""How Gitea shows reviews, statuses and files, as JSON.

Source: as `testbed.gitea.shapes`.
"""

from __future__ import annotations

import hashlib

from testbed.gitea.pull_models import OnLine, Pull, Review, Status
from testbed.gitea.shapes import Json, iso, user
from testbed.gitea.state import Repository

_WORST = ("failure", "error", "pending", "success")


def review(found: Review, pull: Pull, owner: Repository, site: str) -> Json:
    url = f"{site}/{owner.full_name}/pulls/{pull.number}"
    return {
        "id": found.id,
        "user": user(found.by, site),
        "team": None,
        "state": found.state,
        "body": found.body,
        "commit_id": found.commit,
        "stale": False,
        "official": False,
        "dismissed": found.dismissed,
        "comments_count": len(found.lines),
        "submitted_at": iso(found.at),
        "updated_at": iso(found.at),
        "html_url": f"{url}#issuecomment-{found.id}",
        "pull_request_url": url,
    }


def on_line(said: OnLine, of: Review, pull: Pull, owner: Repository, site: str) -> Json:
    url = f"{site}/{owner.full_name}/pulls/{pull.number}"
    return {
        "id": said.id,
        "body": said.body,
        "user": user(of.by, site),
        "resolver": None,
        "pull_request_review_id": of.id,
        "created_at": iso(of.at),
        "updated_at": iso(of.at),
        "path": said.path,
        "commit_id": of.commit,
        "original_commit_id": "",
        "diff_hunk": "@@ -1,3 +1,3 @@",
        "position": said.line,
        "original_position": 0,
        "html_url": f"{url}#issuecomment-{said.id}",
        "pull_request_url": url,
    }


def status(found: Status, site: str) -> Json:
    return {
        "id": found.id,
        "status": found.state,
        "target_url": f"{site}/ci/{found.id}",
        "description": "",
        "url": f"{site}/api/v1/statuses/{found.id}",
        "context": found.context,
        "creator": None,
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
    }


def combined(newest: list[Status], total: int, commit: str, owner: Repository, site: str) -> Json:
    """What CI says of a commit altogether, with a page of the newest statuses."""
    states = {one.state for one in newest}
    return {
        "state": next((state for state in _WORST if state in states), ""),
        "sha": commit if newest else "",
        "total_count": total,
        "statuses": [status(one, site) for one in newest] or None,
        "repository": None,
        "commit_url": f"{site}/api/v1/repos/{owner.full_name}/commits/{commit}",
        "url": f"{site}/api/v1/repos/{owner.full_name}/commits/{commit}/status",
    }


def blob(path: str) -> str:
    """A made-up name for a file or folder, as git would make one of its content."""
    return hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()


def tree(sha: str, names: dict[str, str], total: int, page: int, owner: Repository, site: str) -> Json:
    """A page of a folder's entries: name to kind (blob or tree), in the order of git."""
    url = f"{site}/api/v1/repos/{owner.full_name}/git"
    entries = [
        {
            "path": name,
            "mode": "100644" if kind == "blob" else "040000",
            "type": kind,
            "size": 0,
            "sha": blob(name),
            "url": f"{url}/{kind}s/{blob(name)}",
        }
        for name, kind in names.items()
    ]
    there = {"page": page, "total_count": total, "truncated": False}
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": entries} | there


def diff(pull: Pull) -> str:
    """What each pull request of the stand-in changes: README.md's first three lines."""
    lines = [f"-old {number}" for number in (1, 2, 3)] + [f"+{pull.head} {number}" for number in (1, 2, 3)]
    head = ["diff --git a/README.md b/README.md", "--- a/README.md", "+++ b/README.md", "@@ -1,3 +1,3 @@"]
    return "\n".join([*head, *lines, ""])

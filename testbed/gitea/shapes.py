"""How Gitea shows its objects, as JSON.

Source: Forgejo's swagger file, which a test holds these to, and Gitea 1.26's services/convert.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from testbed.gitea.issue_models import Label
from testbed.gitea.pull_models import Comment, Pull
from testbed.gitea.state import Branch, Repository

Json = dict[str, Any]

_DRAFT = ("wip:", "[wip]")


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(login: str, site: str) -> Json:
    return {
        "id": 1 + sum(login.encode()),
        "login": login,
        "login_name": "",
        "full_name": "",
        "email": f"{login}@noreply.localhost",
        "avatar_url": f"{site}/avatars/{login}",
        "html_url": f"{site}/{login}",
        "language": "",
        "is_admin": False,
        "active": False,
        "visibility": "public",
    }


def repository(found: Repository, site: str) -> Json:
    url = f"{site}/{found.full_name}"
    return {
        "id": found.id,
        "owner": user(found.owner, site),
        "name": found.name,
        "full_name": found.full_name,
        "description": "",
        "empty": not found.branches,
        "private": False,
        "fork": False,
        "template": False,
        "mirror": False,
        "internal": False,
        "archived": found.archived,
        "html_url": url,
        "clone_url": f"{url}.git",
        "url": f"{site}/api/v1/repos/{found.full_name}",
        "default_branch": found.default_branch,
        "has_issues": found.tracker.on,
        "has_pull_requests": found.pull_requests,
        "open_pr_counter": sum(pull.state == "open" for pull in found.pulls.values()),
        "permissions": {"admin": False, "push": True, "pull": True},
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
    }


def branch(found: Branch, owner: Repository, site: str) -> Json:
    who = {"name": owner.owner, "email": f"{owner.owner}@noreply.localhost", "username": owner.owner}
    return {
        "name": found.name,
        "commit": {
            "id": found.commit,
            "message": "A commit\n",
            "url": f"{site}/{owner.full_name}/commit/{found.commit}",
            "author": who,
            "committer": who,
            "timestamp": iso(found.at),
        },
        "protected": False,
        "required_approvals": 0,
        "enable_status_check": False,
        "status_check_contexts": [],
        "user_can_push": True,
        "user_can_merge": True,
        "effective_branch_protection_name": "",
    }


def label(found: Label, owner: Repository, site: str) -> Json:
    return {
        "id": found.id,
        "name": found.name,
        "exclusive": False,
        "is_archived": found.archived,
        "color": found.color,
        "description": "",
        "url": f"{site}/api/v1/repos/{owner.full_name}/labels/{found.id}",
    }


def is_draft(pull: Pull) -> bool:
    return pull.title.lower().startswith(_DRAFT)


def pull_request(found: Pull, owner: Repository, site: str) -> Json:
    url = f"{site}/{owner.full_name}/pulls/{found.number}"
    return {
        "id": found.id,
        "number": found.number,
        "url": url,
        "html_url": url,
        "diff_url": f"{url}.diff",
        "patch_url": f"{url}.patch",
        "user": user(found.by, site),
        "title": found.title,
        "body": found.body,
        "state": found.state,
        "draft": is_draft(found),
        "is_locked": False,
        "labels": [label(one, owner, site) for one in found.labels],
        "assignees": [],
        "requested_reviewers": [user(login, site) for login in found.asked],
        "comments": len(found.comments),
        "merged": found.merged,
        "mergeable": True,
        "merge_base": owner.branches[found.base].commit if found.base in owner.branches else "",
        "head": _place(found.head, owner, site),
        "base": _place(found.base, owner, site),
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "closed_at": None if found.state == "open" else iso(found.changed),
        "merged_at": iso(found.changed) if found.merged else None,
        "due_date": None,
        "milestone": None,
        "assignee": None,
    }


def _place(name: str, owner: Repository, site: str) -> Json:
    commit = owner.branches[name].commit if name in owner.branches else ""
    return {"label": name, "ref": name, "sha": commit, "repo_id": owner.id, "repo": repository(owner, site)}


def comment(found: Comment, pull: Pull, owner: Repository, site: str) -> Json:
    url = f"{site}/{owner.full_name}/pulls/{pull.number}"
    return {
        "id": found.id,
        "html_url": f"{url}#issuecomment-{found.id}",
        "pull_request_url": url,
        "issue_url": "",
        "user": user(found.by, site),
        "original_author": "",
        "original_author_id": 0,
        "body": found.body,
        "assets": [],
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
    }

"""How GitLab shows branches, merge requests and what CI says, as JSON.

Source: as `testbed.gitlab.shapes`.
"""

from __future__ import annotations

import re

from testbed.gitlab.models import Branch, MergeRequest, Project, Status
from testbed.gitlab.shapes import Json, iso, user
from testbed.gitlab.state import GitLabState

_DRAFT = re.compile(r"^\s*(?:draft:|\[draft\]|\(draft\))", re.IGNORECASE)


def is_draft(found: MergeRequest) -> bool:
    return _DRAFT.match(found.title) is not None


def branch(found: Branch, owner: Project) -> Json:
    commit = {
        "id": found.commit,
        "short_id": found.commit[:8],
        "title": "a commit",
        "authored_date": iso(found.at),
        "committed_date": iso(found.at),
        "created_at": iso(found.at),
    }
    return {
        "name": found.name,
        "merged": False,
        "protected": found.name == owner.default_branch,
        "default": found.name == owner.default_branch,
        "can_push": True,
        "commit": commit,
    }


def merge_request(state: GitLabState, found: MergeRequest, owner: Project, *, whole: bool = True) -> Json:
    """As of one, or as an entry of a list, which lacks what has to be worked out."""
    there = owner.branches.get(found.source)
    base = owner.branches.get(found.target)
    head_sha, base_sha = there.commit if there else None, base.commit if base else None
    shown: Json = {
        "id": found.id,
        "iid": found.iid,
        "project_id": owner.id,
        "title": found.title,
        "description": found.body,
        "state": found.state,
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "source_branch": found.source,
        "target_branch": found.target,
        "source_project_id": owner.id,
        "target_project_id": owner.id,
        "author": user(state, found.by),
        "labels": sorted(found.labels),
        "reviewers": [user(state, name) for name in found.reviewers],
        "draft": is_draft(found),
        "sha": head_sha,
        "web_url": f"{state.site}/{owner.path}/-/merge_requests/{found.iid}",
    }
    shown["merged_at"] = iso(found.changed) if found.state == "merged" else None
    refs = {"base_sha": base_sha, "head_sha": head_sha, "start_sha": base_sha}
    return shown | ({"diff_refs": refs} if whole else {})


def approvals(state: GitLabState, found: MergeRequest, by: str) -> Json:
    return {
        "id": found.id,
        "iid": found.iid,
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "user_has_approved": by in found.approved_by,
        "user_can_approve": by not in found.approved_by,
        "approved": bool(found.approved_by),
        "approved_by": [{"user": user(state, name), "approved_at": iso(at)} for name, at in found.approved_by.items()],
    }


def reviewer(state: GitLabState, username: str, review: str, about: MergeRequest) -> Json:
    return {"user": user(state, username), "state": review, "created_at": iso(about.at)}


def status(found: Status, commit: str) -> Json:
    return {
        "id": found.id,
        "sha": commit,
        "ref": "main",
        "status": found.status,
        "name": found.name,
        "target_url": found.url,
        "description": None,
        "created_at": iso(found.at),
        "started_at": None,
        "finished_at": None,
        "allow_failure": found.allow_failure,
        "coverage": None,
    }

"""How GitLab shows things, as JSON.

Source: the pages below https://docs.gitlab.com/api/ that tests/contract/documented/gitlab names; of the documented
fields those that Boardhand's tests have a use for.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from testbed.gitlab.models import (
    Branch,
    Hook,
    Issue,
    Label,
    LabelEvent,
    MergeRequest,
    Note,
    Project,
    StateEvent,
    Status,
)
from testbed.gitlab.state import GitLabState

Json = dict[str, Any]

_DRAFT = re.compile(r"^\s*(?:draft:|\[draft\]|\(draft\))", re.IGNORECASE)
HOOK_EVENTS = (
    "push_events",
    "issues_events",
    "confidential_issues_events",
    "merge_requests_events",
    "note_events",
    "confidential_note_events",
    "pipeline_events",
)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at * 1000) % 1000:03}Z"


def is_draft(found: MergeRequest) -> bool:
    return _DRAFT.match(found.title) is not None


def user(state: GitLabState, username: str) -> Json:
    return {
        "id": state.user(username),
        "username": username,
        "name": username.title(),
        "state": "active",
        "avatar_url": None,
        "web_url": f"{state.site}/{username}",
    }


def member(state: GitLabState, username: str, level: int) -> Json:
    return user(state, username) | {"access_level": level, "expires_at": None}


def access_token(state: GitLabState, username: str, scopes: tuple[str, ...]) -> Json:
    return {
        "id": 4,
        "name": "boardhand",
        "revoked": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "scopes": list(scopes),
        "user_id": state.user(username),
        "active": True,
        "expires_at": "2027-01-01",
    }


def project(state: GitLabState, found: Project, level: int) -> Json:
    return {
        "id": found.id,
        "name": found.path.rpartition("/")[2],
        "path_with_namespace": found.path,
        "default_branch": None if found.empty else found.default_branch,
        "web_url": f"{state.site}/{found.path}",
        "visibility": found.visibility,
        "archived": found.archived,
        "empty_repo": found.empty,
        "issues_access_level": "enabled" if found.issues_on else "disabled",
        "merge_requests_access_level": "enabled" if found.merge_requests_on else "disabled",
        "permissions": {
            "project_access": {"access_level": level, "notification_level": 3} if level else None,
            "group_access": None,
        },
    }


def label(found: Label) -> Json:
    return {
        "id": found.id,
        "name": found.name,
        "color": "#00aabb",
        "text_color": "#FFFFFF",
        "description": None,
        "is_project_label": found.of_project,
        "archived": False,
    }


def issue(state: GitLabState, found: Issue, owner: Project) -> Json:
    return {
        "id": found.id,
        "iid": found.iid,
        "project_id": owner.id,
        "title": found.title,
        "description": found.body,
        "state": found.state,
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "closed_at": None if found.state == "opened" else iso(found.changed),
        "labels": sorted(one.name for one in found.labels),
        "author": user(state, found.by),
        "user_notes_count": sum(not note.system for note in found.notes),
        "confidential": found.confidential,
        "issue_type": "issue",
        "web_url": f"{state.site}/{owner.path}/-/issues/{found.iid}",
        "moved_to_id": None,
    }


def linked(state: GitLabState, found: Issue, owner: Project) -> Json:
    return issue(state, found, owner) | {"issue_link_id": found.id, "link_type": "relates_to"}


def label_event(state: GitLabState, event: LabelEvent, about: Issue) -> Json:
    there = event.label
    return {
        "id": event.id,
        "user": user(state, event.by),
        "created_at": iso(event.at),
        "resource_type": "Issue",
        "resource_id": about.id,
        "label": {"id": there.id, "name": there.name, "color": "#00aabb", "description": None} if there else None,
        "action": event.action,
    }


def state_event(state: GitLabState, event: StateEvent, about: Issue) -> Json:
    return {
        "id": event.id,
        "user": user(state, event.by),
        "created_at": iso(event.at),
        "resource_type": "Issue",
        "resource_id": about.id,
        "state": event.state,
    }


def note(state: GitLabState, found: Note, about: Issue | MergeRequest) -> Json:
    shown: Json = {
        "id": found.id,
        "type": "DiffNote" if found.position else None,
        "body": found.body,
        "author": user(state, found.by),
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "system": found.system,
        "noteable_id": about.id,
        "noteable_type": "Issue" if isinstance(about, Issue) else "MergeRequest",
        "noteable_iid": about.iid,
        "confidential": found.internal,
        "internal": found.internal,
    }
    return shown | ({"position": found.position, "resolvable": True, "resolved": False} if found.position else {})


def said(state: GitLabState, found: Note, about: Issue | MergeRequest, owner: Project) -> Json:
    """An event of the project."""
    return {
        "id": found.id + 1_000_000,
        "project_id": owner.id,
        "action_name": "commented on",
        "target_id": found.id,
        "target_iid": found.id,
        "target_type": "DiffNote" if found.position else "Note",
        "target_title": about.title,
        "created_at": iso(found.at),
        "author": user(state, found.by),
        "note": note(state, found, about),
    }


def hook(found: Hook, owner: Project) -> Json:
    return {
        "id": found.id,
        "url": found.url,
        "project_id": owner.id,
        **{event: found.events.get(event, event == "push_events") for event in HOOK_EVENTS},
        "enable_ssl_verification": True,
        "alert_status": found.alert_status,
        "disabled_until": None,
        "created_at": iso(found.at),
        "token_present": bool(found.token),
        "signing_token_present": bool(found.signing_token),
    }


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

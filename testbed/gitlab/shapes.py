"""How GitLab shows things, as JSON.

Source: the pages below https://docs.gitlab.com/api/ that tests/contract/documented/gitlab names; of the documented
fields those that Boardhand's tests have a use for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from testbed.gitlab.models import (
    Hook,
    Issue,
    Label,
    LabelEvent,
    MergeRequest,
    Note,
    Project,
    StateEvent,
)
from testbed.gitlab.state import GitLabState

Json = dict[str, Any]

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

"""How GitHub shows issues, labels, comments, timelines and webhooks."""

from __future__ import annotations

from testbed.github.issue_models import Happened, Issue, Label
from testbed.github.models import Hook, Repository
from testbed.github.shapes import Json, iso, node_id, user
from testbed.github.state import GitHubState


def label(found: Label, owner: Repository, state: GitHubState) -> Json:
    return {
        "id": found.id,
        "node_id": node_id("LA", found.id),
        "url": f"{state.api}/repos/{owner.full_name}/labels/{found.name}",
        "name": found.name,
        "description": None,
        "color": found.color,
        "default": False,
    }


def issue(found: Issue, owner: Repository, state: GitHubState) -> Json:
    repository = f"{state.api}/repos/{owner.full_name}"
    url, kind = f"{repository}/issues/{found.number}", "pull" if found.is_pull else "issues"
    web = f"{state.site}/{owner.full_name}/{kind}/{found.number}"
    shown = {
        "id": found.id,
        "node_id": node_id("I", found.id),
        "url": url,
        "repository_url": repository,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": web,
        "number": found.number,
        "state": found.state,
        "title": found.title,
        "body": found.body or None,
        "user": user(found.by, state),
        "labels": [label(one, owner, state) for one in found.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "author_association": "MEMBER",
        "comments": len(found.said),
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "closed_at": None if found.state == "open" else iso(found.changed),
    }
    pull = {"url": f"{repository}/pulls/{found.number}", "html_url": web, "diff_url": web, "patch_url": web}
    return shown | ({"pull_request": pull} if found.is_pull else {})


def comment(found: Happened, about: Issue, owner: Repository, state: GitHubState) -> Json:
    issues, kind = f"{state.api}/repos/{owner.full_name}/issues", "pull" if about.is_pull else "issues"
    return {
        "id": found.id,
        "node_id": node_id("IC", found.id),
        "url": f"{issues}/comments/{found.id}",
        "html_url": f"{state.site}/{owner.full_name}/{kind}/{about.number}#issuecomment-{found.id}",
        "issue_url": f"{issues}/{about.number}",
        "user": user(found.by, state),
        "body": found.body,
        "author_association": "MEMBER",
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
    }


def happened(found: Happened, about: Issue, owner: Repository, state: GitHubState) -> Json:
    """An entry of the timeline."""
    by = user(found.by, state)
    if found.kind == "commented":
        return comment(found, about, owner, state) | {"event": "commented", "actor": by}
    if found.source is not None:
        moments = {"created_at": iso(found.at), "updated_at": iso(found.changed)}
        source = {"type": "issue", "issue": issue(found.source, owner, state)}
        return {"event": found.kind, "actor": by, "source": source, **moments}
    return {
        "id": found.id,
        "node_id": node_id("LE", found.id),
        "url": f"{state.api}/repos/{owner.full_name}/issues/events/{found.id}",
        "actor": by,
        "event": found.kind,
        "commit_id": None,
        "commit_url": None,
        "created_at": iso(found.at),
        "performed_via_github_app": None,
        **_about(found),
    }


def _about(found: Happened) -> Json:
    if found.rename:
        return {"rename": {"from": found.rename[0], "to": found.rename[1]}}
    return {"label": {"name": found.label, "color": "00aabb"}} if found.label else {"state_reason": None}


def hook(found: Hook, hooks: str) -> Json:
    """hooks: where the list of these webhooks is. The secret is shown to nobody."""
    url = f"{hooks}/{found.id}"
    return {
        "type": "Repository",
        "id": found.id,
        "name": "web",
        "active": found.active,
        "events": found.events,
        "config": {"url": found.url, "content_type": "json", "insecure_ssl": "0", "secret": "********"},
        "updated_at": iso(found.at),
        "created_at": iso(found.at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
    }

"""How Gitea shows issues, labels, timelines and webhooks, as JSON.

Source: as `testbed.gitea.shapes`.
"""

from __future__ import annotations

from testbed.gitea.issue_models import File, Happened, Hook, Issue
from testbed.gitea.shapes import Json, iso, label, user
from testbed.gitea.state import Repository


def issue(found: Issue, owner: Repository, site: str) -> Json:
    return {
        "id": found.id,
        "number": found.number,
        "url": f"{site}/api/v1/repos/{owner.full_name}/issues/{found.number}",
        "html_url": f"{site}/{owner.full_name}/issues/{found.number}",
        "user": user(found.by, site),
        "original_author": "",
        "original_author_id": 0,
        "title": found.title,
        "body": found.body,
        "ref": "",
        "assets": [asset(file, site) for file in found.files],
        "labels": [label(one, owner, site) for one in found.labels],
        "milestone": None,
        "assignee": None,
        "assignees": None,
        "state": found.state,
        "is_locked": False,
        "comments": sum(entry.kind == "comment" for entry in found.log),
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
        "closed_at": None if found.state == "open" else iso(found.changed),
        "due_date": None,
        "pull_request": None,
        "repository": {"id": owner.id, "name": owner.name, "owner": owner.owner, "full_name": owner.full_name},
        "pin_order": 0,
    }


def asset(found: File, site: str) -> Json:
    return {
        "id": found.id,
        "name": found.name,
        "size": 1024,
        "download_count": 0,
        "created_at": iso(found.at),
        "uuid": f"{found.id:08x}-0000-4000-8000-000000000000",
        "browser_download_url": f"{site}/attachments/{found.id:08x}-0000-4000-8000-000000000000",
        "type": "attachment",
    }


def comment(found: Happened, about: Issue, owner: Repository, site: str) -> Json:
    return {
        "id": found.id,
        "html_url": f"{site}/{owner.full_name}/issues/{about.number}#issuecomment-{found.id}",
        "pull_request_url": "",
        "issue_url": f"{site}/{owner.full_name}/issues/{about.number}",
        "user": user(found.by, site),
        "original_author": found.original_author,
        "original_author_id": 0,
        "body": found.body,
        "assets": [],
        "created_at": iso(found.at),
        "updated_at": iso(found.changed),
    }


def happened(found: Happened, about: Issue, owner: Repository, site: str) -> Json:
    said = comment(found, about, owner, site)
    kept = {name: said[name] for name in said if name not in ("assets", "original_author", "original_author_id")}
    return kept | {
        "type": found.kind,
        "label": label(found.label, owner, site) if found.label else None,
        "milestone": None,
        "assignee": None,
        "removed_assignee": False,
        "old_title": "",
        "new_title": "",
        "old_ref": "",
        "new_ref": "",
        "ref_commit_sha": "",
        "review_id": 0,
    }


def hook(found: Hook) -> Json:
    return {
        "id": found.id,
        "type": "gitea",
        "branch_filter": "",
        "config": {"content_type": "json", "url": found.url},
        "events": found.events,
        "authorization_header": "",
        "active": found.active,
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
    }

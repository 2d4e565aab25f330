"""How Bitbucket shows its objects, as JSON.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/ ; a test holds these to the schemas of that page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from testbed.bitbucket.state import (
    Account,
    Branch,
    Comment,
    Hook,
    Participant,
    Pull,
    Repository,
    Status,
)

Json = dict[str, Any]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _rendered(text: str) -> Json:
    return {"raw": text, "markup": "markdown", "html": ""}


def account(found: Account) -> Json:
    shown = {"type": found.kind, "uuid": found.uuid, "display_name": found.name, "account_id": found.uuid.strip("{}")}
    return shown | ({"nickname": found.name} if found.kind == "user" else {"kind": "repository_access_token"})


def repository(found: Repository, site: str) -> Json:
    return {
        "type": "repository",
        "uuid": f"{{{found.full_name}}}",
        "name": found.slug,
        "full_name": found.full_name,
        "is_private": True,
        "scm": "git",
        "mainbranch": {"type": "branch", "name": found.main} if found.branches else None,
        "links": {"html": {"href": f"{site}/{found.full_name}"}},
    }


def branch(found: Branch) -> Json:
    target = {"type": "commit", "hash": found.commit, "date": iso(found.at), "message": "A commit\n"}
    return {"type": "branch", "name": found.name, "target": target}


def pull(found: Pull, owner: Repository, site: str, *, whole: bool = True) -> Json:
    """whole: as its own address gives it; lists leave reviewers and participants out."""
    where = f"{site}/{owner.full_name}/pull-requests/{found.id}"
    shown: Json = {
        "type": "pullrequest",
        "id": found.id,
        "title": found.title,
        "description": found.text,
        "summary": _rendered(found.text),
        "state": found.state,
        "draft": found.draft,
        "author": account(found.by),
        "source": _end(found.head, owner),
        "destination": _end(found.base, owner),
        "comment_count": len(found.comments),
        "task_count": 0,
        "close_source_branch": False,
        "created_on": iso(found.at),
        "updated_on": iso(found.at),
        "links": {"html": {"href": where}},
    }
    if not whole:
        return shown
    asked = {one.uuid: Participant(one, "", found.at) for one in found.reviewers}
    roles = {**asked, **found.participants}
    reviewers = [account(one) for one in found.reviewers]
    return shown | {
        "reviewers": reviewers,
        "participants": [participant(one, found) for one in roles.values()],
    }


def participant(found: Participant, of: Pull) -> Json:
    return {
        "type": "participant",
        "user": account(found.account),
        "role": "REVIEWER" if found.account in of.reviewers else "PARTICIPANT",
        "approved": found.state == "approved",
        "state": found.state or None,
        "participated_on": iso(found.at) if found.state else None,
    }


def _end(name: str, owner: Repository) -> Json:
    commit = owner.branches[name].commit[:12] if name in owner.branches else "0" * 12
    place = {"type": "repository", "uuid": f"{{{owner.full_name}}}", "full_name": owner.full_name}
    return {"branch": {"name": name}, "commit": {"hash": commit}, "repository": place}


def comment(found: Comment, of: Pull) -> Json:
    shown: Json = {
        "type": "pullrequest_comment",
        "id": found.id,
        "user": account(found.by),
        "content": _rendered("" if found.deleted else found.text),
        "deleted": found.deleted,
        "created_on": iso(found.at),
        "updated_on": iso(found.at),
        "pullrequest": {"type": "pullrequest", "id": of.id, "title": of.title},
    }
    if found.path:
        shown["inline"] = {"path": found.path} | ({"to": found.line} if found.line else {})
    return shown


def status(found: Status) -> Json:
    return {
        "type": "build",
        "key": found.key,
        "name": found.name,
        "state": found.state,
        "url": found.url,
        "description": "",
        "created_on": iso(found.at),
        "updated_on": iso(found.at),
    }


def hook(found: Hook) -> Json:
    return {
        "type": "webhook_subscription",
        "uuid": found.uuid,
        "description": "Boardhand",
        "url": found.url,
        "active": found.active,
        "events": found.events,
        "subject_type": "repository",
        "secret_set": bool(found.secret),
    }

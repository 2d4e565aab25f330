"""How GitHub shows branches, pull requests, reviews and what CI says."""

from __future__ import annotations

import base64

from testbed.github.issue_shapes import label
from testbed.github.models import Repository
from testbed.github.pull_models import Branch, CheckRun, Line, Pull, Review, Status
from testbed.github.shapes import Json, iso, node_id, repository, user
from testbed.github.state import GitHubState


def branch(found: Branch, owner: Repository, state: GitHubState) -> Json:
    url = f"{state.api}/repos/{owner.full_name}/branches/{found.name}"
    links = {"self": url, "html": f"{state.site}/{owner.full_name}/tree/{found.name}"}
    commit = _commit(found, owner, state)
    return {"name": found.name, "commit": commit, "_links": links, "protected": False} | {
        "protection": {"enabled": False},
        "protection_url": f"{url}/protection",
    }


def short_branch(found: Branch, owner: Repository, state: GitHubState) -> Json:
    """As in a list."""
    url = f"{state.api}/repos/{owner.full_name}/commits/{found.commit}"
    return {"name": found.name, "commit": {"sha": found.commit, "url": url}, "protected": False}


def _commit(found: Branch, owner: Repository, state: GitHubState) -> Json:
    url = f"{state.api}/repos/{owner.full_name}/commits/{found.commit}"
    who = {"name": "Boardhand", "email": "boardhand@example.invalid", "date": iso(found.at)}
    inner = {"author": who, "committer": who, "message": "A change", "url": url, "comment_count": 0}
    inner |= {"tree": {"sha": found.commit, "url": url}}
    shown = {"sha": found.commit, "node_id": node_id("C", int(found.commit[:8], 16)), "commit": inner, "url": url}
    return shown | {"html_url": url, "comments_url": url, "author": None, "committer": None, "parents": []}


def pull(found: Pull, owner: Repository, state: GitHubState, *, whole: bool = True) -> Json:
    """whole: as it is shown alone; a list leaves some of it out."""
    issue = found.issue
    api, web = f"{state.api}/repos/{owner.full_name}", f"{state.site}/{owner.full_name}/pull/{issue.number}"
    url, about = f"{api}/pulls/{issue.number}", f"{api}/issues/{issue.number}"
    closed = None if issue.state == "open" else iso(issue.changed)
    links = {
        **{"self": url, "html": web, "issue": about, "comments": f"{about}/comments"},
        **{"review_comments": f"{url}/comments", "review_comment": f"{api}/pulls/comments{{/number}}"},
        **{"commits": f"{url}/commits", "statuses": f"{api}/statuses/{found.commit}"},
    }
    shown = {
        "url": url,
        "id": issue.id,
        "node_id": node_id("PR", issue.id),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": about,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "user": user(issue.by, state),
        "body": issue.body or None,
        "labels": [label(one, owner, state) | {"description": ""} for one in issue.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": iso(issue.at),
        "updated_at": iso(issue.changed),
        "closed_at": closed,
        "merged_at": closed if found.merged else None,
        "merge_commit_sha": found.commit if found.merged else None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [user(one, state) for one in found.reviewers],
        "requested_teams": [team(slug, owner, state) for slug in found.teams],
        "head": _place(found.head, found.commit, owner, state, of_fork=found.of_fork),
        "base": _place(found.base, owner.code.branches[found.base].commit, owner, state),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": "MEMBER",
        "auto_merge": None,
        "draft": found.draft,
    }
    return shown | (_counts(found) if whole else {})


def _counts(found: Pull) -> Json:
    numbers = dict.fromkeys(("commits", "additions", "deletions", "changed_files"), 1)
    return numbers | {
        "merged": found.merged,
        "mergeable": None if found.merged else True,
        "rebaseable": None,
        "mergeable_state": "clean",
        "merged_by": None,
        "comments": len(found.issue.said),
        "review_comments": sum(len(one.lines) for one in found.reviews),
        "maintainer_can_modify": False,
    }


def _place(name: str, commit: str, owner: Repository, state: GitHubState, *, of_fork: bool = False) -> Json:
    shown = {"label": f"{owner.owner.login}:{name}", "ref": name, "sha": commit, "user": user(owner.owner, state)}
    repo = repository(owner, state, owner.owner.login) | {"has_downloads": False}
    return shown | {"repo": repo | ({"id": owner.id + 100_000, "fork": True} if of_fork else {})}


def team(slug: str, owner: Repository, state: GitHubState) -> Json:
    url = f"{state.api}/organizations/{owner.owner.id}/team/{slug}"
    return {
        "id": 1,
        "node_id": node_id("T", 1),
        "url": url,
        "html_url": f"{state.site}/orgs/{owner.owner.login}/teams/{slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "name": slug,
        "slug": slug,
        "type": "organization",
        "description": None,
        "privacy": "closed",
        "permission": "push",
        "parent": None,
    }


def review(found: Review, about: Pull, owner: Repository, state: GitHubState) -> Json:
    url = f"{state.api}/repos/{owner.full_name}/pulls/{about.issue.number}"
    web = f"{state.site}/{owner.full_name}/pull/{about.issue.number}#pullrequestreview-{found.id}"
    shown = {
        "id": found.id,
        "node_id": node_id("PRR", found.id),
        "user": user(found.by, state),
        "body": found.body,
        "state": found.state,
        "html_url": web,
        "pull_request_url": url,
        "author_association": "MEMBER",
        "_links": {"html": {"href": web}, "pull_request": {"href": url}},
        "commit_id": found.commit,
    }
    return shown | ({"submitted_at": iso(found.at)} if found.at is not None else {})


def line(found: Line, of: Review, about: Pull, owner: Repository, state: GitHubState) -> Json:
    api = f"{state.api}/repos/{owner.full_name}/pulls"
    url, parent = f"{api}/comments/{found.id}", f"{api}/{about.issue.number}"
    web = f"{state.site}/{owner.full_name}/pull/{about.issue.number}#discussion_r{found.id}"
    there = {} if found.line is None else {"line": found.line, "position": found.line}
    return there | {
        "url": url,
        "pull_request_review_id": of.id,
        "id": found.id,
        "node_id": node_id("PRRC", found.id),
        "diff_hunk": "@@ -1,3 +1,3 @@",
        "path": found.path,
        "commit_id": of.commit,
        "original_commit_id": of.commit,
        "user": user(found.by, state),
        "body": found.body,
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
        "html_url": web,
        "pull_request_url": parent,
        "author_association": "MEMBER",
        "_links": {"self": {"href": url}, "html": {"href": web}, "pull_request": {"href": parent}},
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "original_line": found.line or 1,
        "side": found.side,
        "original_position": found.line or 1,
        "subject_type": "line",
    }


def check_run(found: CheckRun, commit: str, owner: Repository, state: GitHubState) -> Json:
    url = f"{state.api}/repos/{owner.full_name}/check-runs/{found.id}"
    empty = dict.fromkeys(("title", "summary", "text"))
    return {
        "id": found.id,
        "node_id": node_id("CR", found.id),
        "head_sha": commit,
        "external_id": "",
        "url": url,
        "html_url": f"{state.site}/{owner.full_name}/runs/{found.id}",
        "details_url": f"{state.site}/{owner.full_name}/runs/{found.id}",
        "status": "in_progress" if found.conclusion is None else "completed",
        "conclusion": found.conclusion,
        "started_at": iso(found.at),
        "completed_at": None if found.conclusion is None else iso(found.at),
        "output": {**empty, "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "name": found.name,
        "check_suite": {"id": 1},
        "app": None,
        "pull_requests": [],
    }


def status(found: Status, commit: str, owner: Repository, state: GitHubState) -> Json:
    return {
        "url": f"{state.api}/repos/{owner.full_name}/statuses/{commit}",
        "avatar_url": f"{state.site}/avatars/{found.by.id}",
        "id": found.id,
        "node_id": node_id("SC", found.id),
        "state": found.state,
        "description": None,
        "target_url": f"https://ci.test/{found.id}",
        "context": found.context,
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
    }


def file(path: str, text: str | None, owner: Repository, state: GitHubState) -> Json:
    """text: None in a folder's list, which is without contents."""
    url, name = f"{state.api}/repos/{owner.full_name}/contents/{path}", path.rpartition("/")[2]
    web = f"{state.site}/{owner.full_name}/blob/{owner.default_branch}/{path}"
    shown = {
        "type": "file",
        "size": len((text or "").encode()),
        "name": name,
        "path": path,
        "sha": "5" * 40,
        "url": url,
        "git_url": url,
        "html_url": web,
        "download_url": web,
        "_links": {"git": url, "self": url, "html": web},
    }
    content = base64.encodebytes((text or "").encode()).decode()
    return shown | ({"content": content, "encoding": "base64"} if text is not None else {})


def folder(path: str, owner: Repository, state: GitHubState) -> Json:
    """A folder in its parent's list."""
    return file(path, None, owner, state) | {"type": "dir", "download_url": None}

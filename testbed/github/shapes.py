"""How GitHub shows what the stand-in remembers, of every endpoint: accounts and repositories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from testbed.github.issue_models import User
from testbed.github.models import ROLES, Repository
from testbed.github.state import GitHubState

Json = dict[str, Any]

_USER_LISTS = ("followers", "organizations", "received_events", "repos", "subscriptions")
_BELOW = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks"),
    *("issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones"),
    *("notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams"),
    "trees",
)
_PERMISSIONS = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}


def iso(at: float) -> str:
    """A moment as GitHub writes it: whole seconds, UTC."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int) -> str:
    """The id of a thing in GraphQL, such as I_kw7."""
    return f"{kind}_kw{number}"


def user(found: User, state: GitHubState) -> Json:
    url = f"{state.api}/users/{found.login}"
    return {
        "login": found.login,
        "id": found.id,
        "node_id": node_id("U", found.id),
        "avatar_url": f"{state.site}/avatars/{found.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{state.site}/{found.login}",
        **{f"{name}_url": f"{url}/{name}" for name in _USER_LISTS},
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "events_url": f"{url}/events{{/privacy}}",
        "type": found.kind,
        "site_admin": False,
    }


def profile() -> Json:
    """What an account says of itself, as it is shown where it is shown alone."""
    said = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    numbers = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    return {**said, **numbers, "created_at": iso(0), "updated_at": iso(0)}


def permissions(found: Repository, login: str) -> dict[str, bool]:
    """What the account may do there."""
    return {name: found.may(login, role) for name, role in _PERMISSIONS.items()}


def collaborator(found: User, owner: Repository, state: GitHubState) -> Json:
    role = "admin" if found.login == owner.owner.login else owner.roles.get(found.login, ROLES[0])
    return user(found, state) | {"permissions": permissions(owner, found.login), "role_name": role}


def repository(found: Repository, state: GitHubState, login: str) -> Json:
    url, web = f"{state.api}/repos/{found.full_name}", f"{state.site}/{found.full_name}"
    opened = sum(issue.state == "open" for issue in found.issues.values())
    return {
        "id": found.id,
        "node_id": node_id("R", found.id),
        "name": found.name,
        "full_name": found.full_name,
        "owner": user(found.owner, state),
        "private": found.private,
        "html_url": web,
        "description": None,
        "fork": False,
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in _BELOW},
        "clone_url": f"{web}.git",
        "git_url": f"git:{web.partition(':')[2]}.git",
        "ssh_url": f"git@{state.site.rpartition('/')[2]}:{found.full_name}.git",
        "svn_url": web,
        "homepage": None,
        "language": None,
        "mirror_url": None,
        "license": None,
        "default_branch": found.default_branch,
        "archived": found.archived,
        "disabled": False,
        "has_issues": found.has_issues,
        "has_pull_requests": found.code.pull_requests,
        **{f"has_{name}": False for name in ("projects", "wiki", "pages", "discussions")},
        **dict.fromkeys(("forks", "forks_count", "size", "stargazers_count", "watchers", "watchers_count"), 0),
        "network_count": 0,
        "subscribers_count": 0,
        "open_issues": opened,
        "open_issues_count": opened,
        "permissions": permissions(found, login),
        "pushed_at": iso(found.at),
        "created_at": iso(found.at),
        "updated_at": iso(found.at),
    }

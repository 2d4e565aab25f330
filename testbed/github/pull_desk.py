"""Every change that can be made to a repository's code and its pull requests. No HTTP in here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from testbed.github import desk
from testbed.github.issue_models import User
from testbed.github.models import Repository
from testbed.github.pull_models import Branch, CheckRun, Line, Pull, Review, Status
from testbed.github.state import GitHubState, Refused, invalid, not_found

TITLE_MOST, BODY_MOST = 256, 65_536
CHANGED = {"README.md": 3}
"""What every branch that was pushed changes: the first lines of these files."""


def push(state: GitHubState, owner: Repository, name: str, base: str | None = None) -> Branch:
    """What a git client's push of one more commit leaves; base: the branch that a new one begins from."""
    there = owner.code.branches.get(name)
    start = there or owner.code.branches.get(base or "")
    commit = hashlib.sha1(f"{owner.id} {name} {state.next_id()}".encode(), usedforsecurity=False).hexdigest()
    began = there.base if there else (start.commit if start else "")
    made = Branch(name, commit, state.now(), began)
    owner.code.branches[name] = made
    for pull in owner.code.pulls.values():
        if pull.head == name and pull.issue.state == "open":
            pull.commit = commit
    return made


def same_branch(owner: Repository, name: str, base: str) -> Branch:
    """A branch without a difference."""
    start = owner.code.branches[base]
    owner.code.branches[name] = Branch(name, start.commit, start.at, start.commit)
    return owner.code.branches[name]


def open_pull(
    state: GitHubState, owner: Repository, head: str, base: str, title: str, body: str, by: User, *, draft: bool = False
) -> Pull:
    """Raises Refused as GitHub does: no such branch, nothing to merge, there is one already, no drafts in the plan."""
    branches = owner.code.branches
    for name, branch in (("head", head), ("base", base)):
        if branch not in branches:
            raise invalid("PullRequest", "invalid", name)
    if branches[head].commit in (branches[base].commit, branches[base].base):
        raise invalid("PullRequest", "custom", "", f"No commits between {base} and {head}")
    if any(_joins(pull, head, base) for pull in owner.code.pulls.values()):
        text = f"A pull request already exists for {owner.owner.login}:{head}."
        raise invalid("PullRequest", "custom", "", text)
    if draft and not owner.code.drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.")
    _check_texts(title, body)
    issue = desk.add_issue(state, owner, title, body, by, is_pull=True)
    made = Pull(issue, head, base, branches[head].commit, draft)
    owner.code.pulls[issue.number] = made
    return made


def _joins(pull: Pull, head: str, base: str) -> bool:
    return pull.issue.state == "open" and not pull.of_fork and (pull.head, pull.base) == (head, base)


def _check_texts(title: str, body: str) -> None:
    for name, text, most in (("title", title, TITLE_MOST), ("body", body, BODY_MOST)):
        if len(text) > most:
            raise invalid("PullRequest", "custom", name, f"{name} is too long (maximum is {most} characters)")


def edit_pull(state: GitHubState, pull: Pull, title: str, body: str, wanted: str, by: User) -> None:
    _check_texts(title, body)
    desk.edit(state, pull.issue, title, body)
    desk.set_state(state, pull.issue, wanted, by)


def merge(state: GitHubState, owner: Repository, pull: Pull, by: User) -> None:
    desk.set_state(state, pull.issue, "closed", by)
    pull.merged = True
    owner.code.branches[pull.base].commit = pull.commit


def set_draft(owner: Repository, pull: Pull, draft: bool, by: User) -> None:
    """Raises Refused (403) where the plan has none."""
    if draft and not owner.code.drafts:
        raise Refused(403, f"{by.login} does not have permission to convert the pull request to draft.")
    pull.draft = draft


def ask(state: GitHubState, owner: Repository, pull: Pull, logins: Sequence[str], slugs: Sequence[str]) -> None:
    """Ask for reviews. Raises Refused (422) for all of them, for one."""
    text = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a "
    text += f"collaborator of the {owner.full_name} repository."
    for login in logins:
        if login == pull.issue.by.login:
            raise Refused(422, "Review cannot be requested from pull request author.")
        if not is_collaborator(owner, login):
            raise Refused(422, text)
    if not set(slugs) <= owner.code.teams:
        raise Refused(422, text)
    asked = [state.user(login) for login in logins]
    pull.reviewers += [one for one in asked if one not in pull.reviewers]
    pull.teams += [slug for slug in slugs if slug not in pull.teams]


def is_collaborator(owner: Repository, login: str) -> bool:
    return login in owner.roles or (owner.owner.kind == "User" and login == owner.owner.login)


def review(
    state: GitHubState, pull: Pull, by: User, event: str, body: str, lines: Sequence[tuple[str, int, str]]
) -> Review:
    """Raises Refused (422) for a judgement of one's own, for no text, and for a line that the change does not show."""
    if event in ("APPROVE", "REQUEST_CHANGES") and by is pull.issue.by:
        what = "approve" if event == "APPROVE" else "request changes on"
        raise Refused(422, f"Review Can not {what} your own pull request", {"errors": [f"Can not {what} your own"]})
    if event != "APPROVE" and not body:
        raise Refused(422, "Unprocessable Entity", {"errors": ["Body can't be blank"]})
    for path, line, _ in lines:
        if not 1 <= line <= CHANGED.get(path, 0):
            part = "Path could not be resolved" if path not in CHANGED else "Line could not be resolved"
            raise Refused(422, "Unprocessable Entity", {"errors": [part]})
    shown = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}[event]
    now = state.now()
    said = [Line(state.next_id(), by, path, line, text, now) for path, line, text in lines]
    made = Review(state.next_id(), by, shown, body, now, pull.commit, said)
    pull.reviews.append(made)
    pull.reviewers = [one for one in pull.reviewers if one is not by]
    return made


def check(state: GitHubState, owner: Repository, commit: str, name: str, conclusion: str | None) -> CheckRun:
    """An App's CI begins (None) or ends a check of a commit; the newest of a name is what GitHub shows."""
    made = CheckRun(state.next_id(), name, conclusion, state.now())
    runs = owner.code.runs.setdefault(commit, [])
    runs[:] = [*(one for one in runs if one.name != name), made]
    return made


def status(state: GitHubState, owner: Repository, commit: str, context: str, said: str, by: User) -> Status:
    """A CI without an App tells: pending, success, failure or error."""
    made = Status(state.next_id(), context, said, by, state.now())
    owner.code.statuses.setdefault(commit, []).append(made)
    return made


def pull_of(owner: Repository, number: int) -> Pull:
    """Raises Refused (404)."""
    if number not in owner.code.pulls:
        raise not_found()
    return owner.code.pulls[number]

"""Every change that can be made to pull requests beside their opening. No HTTP in here.

Source: Gitea 1.26's routers/api/v1/repo.
"""

from __future__ import annotations

from collections.abc import Sequence

from testbed.gitea.pull_models import OnLine, Pull, Review, Status
from testbed.gitea.state import GiteaState, Refused, Repository

STATES = ("APPROVED", "REQUEST_CHANGES", "COMMENT")
CI_STATES = ("pending", "success", "error", "failure", "warning", "skipped")


def may_review(owner: Repository) -> list[str]:
    """Who may be asked for a review: whoever may write."""
    return sorted((owner.tracker.writers or set()) | {owner.owner})


def ask(owner: Repository, pull: Pull, logins: Sequence[str]) -> None:
    """Ask these for a review. Raises Refused, and then nobody is asked."""
    for login in logins:
        if login not in may_review(owner):
            raise Refused(404, f"user does not exist [uid: 0, name: {login}]")
        if login == pull.by:
            raise Refused(422, f"poster of pr can't be reviewer [user_id: 1, repo_id: {owner.id}]")
    pull.asked += [login for login in logins if login not in pull.asked]


def judge(
    state: GiteaState,
    owner: Repository,
    pull: Pull,
    by: str,
    kind: str,
    body: str,
    lines: Sequence[tuple[str, int, str]] = (),
) -> Review:
    """A review with these comments on lines: path, line, text. Raises Refused."""
    if kind not in STATES:
        raise Refused(422, f"unknown review event: {kind}")
    if kind != "COMMENT" and by == pull.by:
        verb = "approve" if kind == "APPROVED" else "reject"
        raise Refused(422, f"{verb} your own pull is not allowed")
    if not body.strip() and kind != "APPROVED" and not lines:
        raise Refused(422, "review event COMMENT requires a body or a comment")
    pull.asked = [login for login in pull.asked if login != by]
    commit = owner.branches[pull.head].commit
    made = Review(state.next_id(), by, kind, body, state.now(), commit)
    made.lines = [OnLine(state.next_id(), path, line, text) for path, line, text in lines]
    pull.reviews.append(made)
    return made


def report(state: GiteaState, owner: Repository, commit: str, context: str, said: str) -> Status:
    """CI says so of a commit. Raises Refused."""
    if said not in CI_STATES:
        raise Refused(400, f"unknown state: {said}")
    made = Status(state.next_id(), context, said, state.now())
    owner.statuses.setdefault(commit, []).append(made)
    return made


def newest(owner: Repository, commit: str) -> list[Status]:
    """The last status of each context."""
    return list({found.context: found for found in owner.statuses.get(commit, [])}.values())


def merge(state: GiteaState, pull: Pull) -> None:
    pull.state, pull.merged, pull.changed = "closed", True, state.now()


def rename_branch(owner: Repository, name: str, to: str) -> None:
    """As by a push of the new name and the deletion of the old one; the default branch goes with it."""
    found = owner.branches.pop(name)
    found.name = to
    owner.branches[to] = found
    if owner.default_branch == name:
        owner.default_branch = to

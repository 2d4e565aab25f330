"""Every change that can be made to a repository's issues. No HTTP in here.

Source: Gitea 1.26's models/issues and routers/api/v1/repo.
"""

from __future__ import annotations

from collections.abc import Sequence

from testbed.gitea.issue_models import Happened, Hook, Issue, Label
from testbed.gitea.state import GiteaState, Refused, Repository, not_found


def add_label(state: GiteaState, owner: Repository, name: str) -> Label:
    """The label of this name; one that is there stays."""
    for there in owner.tracker.labels.values():
        if there.name == name:
            return there
    made = Label(state.next_id(), name)
    owner.tracker.labels[made.id] = made
    return made


def delete_label(owner: Repository, label: Label) -> None:
    """As a person does: the issues lose it, without an entry in their timelines."""
    del owner.tracker.labels[label.id]
    for issue in owner.tracker.issues.values():
        issue.labels = [there for there in issue.labels if there is not label]


def add_issue(
    state: GiteaState, owner: Repository, title: str, body: str, by: str, labels: Sequence[Label] = ()
) -> Issue:
    number, now = owner.next_number(), state.now()
    made = Issue(state.next_id(), number, title, body, by, now, now)
    owner.tracker.issues[number] = made
    for label in labels:
        put_on(state, made, label, by)
    return made


def issue_of(owner: Repository, number: int) -> Issue:
    """The issue of this number. Raises Refused (404)."""
    if number not in owner.tracker.issues:
        raise not_found()
    return owner.tracker.issues[number]


def delete_issue(owner: Repository, issue: Issue) -> None:
    del owner.tracker.issues[issue.number]


def put_on(state: GiteaState, issue: Issue, label: Label, by: str) -> None:
    """A label that is there already leaves no entry."""
    if label not in issue.labels:
        issue.labels.append(label)
        happen(state, issue, "label", by, "1", label)


def take_off(state: GiteaState, issue: Issue, label: Label, by: str) -> None:
    if label in issue.labels:
        issue.labels.remove(label)
        happen(state, issue, "label", by, "", label)


def set_state(state: GiteaState, issue: Issue, wanted: str, by: str) -> None:
    """Close or reopen. Raises Refused (422)."""
    if wanted not in ("open", "closed"):
        raise Refused(422, f"unknown state: {wanted}")
    if wanted != issue.state:
        issue.state = wanted
        happen(state, issue, "reopen" if wanted == "open" else "close", by, "")


def say(state: GiteaState, issue: Issue, body: str, by: str) -> Happened:
    return happen(state, issue, "comment", by, body)


def happen(state: GiteaState, issue: Issue, kind: str, by: str, body: str, label: Label | None = None) -> Happened:
    """What happened, in the timeline; every entry is a change of the issue."""
    now = state.now()
    made = Happened(state.next_id(), kind, by, body, now, now, label)
    issue.log.append(made)
    issue.changed = now
    return made


def add_hook(state: GiteaState, owner: Repository, url: str, secret: str, active: bool, events: list[str]) -> Hook:
    made = Hook(state.next_id(), url, secret, active, events, state.now())
    owner.tracker.hooks[made.id] = made
    return made

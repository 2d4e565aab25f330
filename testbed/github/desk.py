"""Every change that can be made to a repository's issues. No HTTP in here.

Source: https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
"""

from __future__ import annotations

from collections.abc import Sequence

from testbed.github.issue_models import Happened, Issue, Label, User
from testbed.github.models import Repository
from testbed.github.state import GitHubState


def label_named(owner: Repository, name: str) -> Label | None:
    """Names of labels differ by more than case."""
    return next((one for one in owner.labels.values() if one.name.lower() == name.lower()), None)


def add_label(state: GitHubState, owner: Repository, name: str) -> Label:
    """The label of this name; one that is there stays."""
    found = label_named(owner, name)
    if found is None:
        found = Label(state.next_id(), name)
        owner.labels[found.id] = found
    return found


def delete_label(owner: Repository, label: Label) -> None:
    """The issues lose it, without an entry in their timelines."""
    del owner.labels[label.id]
    for issue in owner.issues.values():
        issue.labels = [there for there in issue.labels if there is not label]


def add_issue(
    state: GitHubState,
    owner: Repository,
    title: str,
    body: str,
    by: User,
    labels: Sequence[Label] = (),
    *,
    is_pull: bool = False,
) -> Issue:
    number, now = owner.next_number(), state.now()
    made = Issue(state.next_id(), number, title, body, by, now, now, is_pull=is_pull)
    owner.issues[number] = made
    for label in labels:
        put_on(state, made, label, by)
    return made


def delete_issue(owner: Repository, issue: Issue) -> None:
    del owner.issues[issue.number]
    owner.deleted.add(issue.number)


def transfer(state: GitHubState, issue: Issue, owner: Repository, to: Repository) -> Issue:
    """Into another repository: it keeps its comments and gets a new number."""
    del owner.issues[issue.number]
    old, issue.number = issue.number, to.next_number()
    to.issues[issue.number] = issue
    owner.transferred[old] = (to.id, issue.number)
    happen(state, issue, "transferred", issue.by)
    return issue


def put_on(state: GitHubState, issue: Issue, label: Label, by: User) -> None:
    """A label that is there already leaves no entry."""
    if label not in issue.labels:
        issue.labels.append(label)
        happen(state, issue, "labeled", by, label=label.name)


def take_off(state: GitHubState, issue: Issue, label: Label, by: User) -> None:
    if label in issue.labels:
        issue.labels.remove(label)
        happen(state, issue, "unlabeled", by, label=label.name)


def set_state(state: GitHubState, issue: Issue, wanted: str, by: User) -> None:
    """Close (closed) or reopen (open)."""
    if wanted != issue.state:
        issue.state = wanted
        happen(state, issue, "reopened" if wanted == "open" else "closed", by)


def say(state: GitHubState, issue: Issue, body: str, by: User) -> Happened:
    return happen(state, issue, "commented", by, body=body)


def mention(state: GitHubState, issue: Issue, source: Issue) -> None:
    """Another issue of the repository mentions this one."""
    happen(state, issue, "cross-referenced", source.by).source = source


def edit(state: GitHubState, issue: Issue, title: str, body: str, by: User | None = None) -> None:
    """By whom; absent: by who opened it."""
    who = by or issue.by
    if body != issue.body:
        issue.body, issue.edited, issue.editor = body, state.now(), who
        issue.changed = issue.edited
    if title != issue.title:
        happen(state, issue, "renamed", who).rename = (issue.title, title)
        issue.title = title


def happen(state: GitHubState, issue: Issue, kind: str, by: User, *, body: str = "", label: str = "") -> Happened:
    """What happened, in the timeline; every entry is a change of the issue."""
    now = state.now()
    made = Happened(state.next_id(), kind, by, now, now, body, label)
    issue.log.append(made)
    issue.changed = now
    return made

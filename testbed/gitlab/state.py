"""The stand-in's memory, and every change that can be made to it. No HTTP in here.

Sources: https://docs.gitlab.com/api/issues/ , https://docs.gitlab.com/api/merge_requests/ and GitLab 18's services.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

from testbed.gitlab.models import (
    Branch,
    Clock,
    Hook,
    Issue,
    Label,
    LabelEvent,
    MergeRequest,
    Note,
    Project,
    StateEvent,
    Status,
    Token,
)

_ORDERS = re.compile(r"^/(approve|close|label|lock|merge|request_changes|unlabel)(?: [^\n]*)?(?:\s*\n|$)", re.MULTILINE)


class Refused(Exception):
    """What the API answers in place of the work."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def refused(status: int, message: Any) -> Refused:
    """A refusal in the usual words."""
    return Refused(status, {"message": message})


class GitLabState:
    """Projects, people and tokens of one server."""

    def __init__(self, tokens: dict[str, Token], site: str, now: Clock = time.time) -> None:
        self.tokens, self.site, self._now = tokens, site, now
        self.linked = site
        """The address by which its lists name their next pages; it may be another one than people use."""
        self.skew = 0.0
        """Seconds that the server's clock is off."""
        self.signs = True
        """Whether it is new enough to sign the calls of webhooks."""
        self.clear()

    def clear(self) -> None:
        """Forget everything but the tokens."""
        self.projects: dict[str, Project] = {}
        self.users: dict[str, int] = {}
        self.orders: list[str] = []
        """Quick actions that were carried out."""
        self._last_id = 0

    def now(self) -> float:
        return self._now() + self.skew

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def user(self, username: str) -> int:
        """The id of this person, who is made where there is none."""
        return self.users.setdefault(username, 1000 + len(self.users))

    def add_project(self, path: str, members: dict[str, int], *, empty: bool = False) -> Project:
        made = self.projects[path.lower()] = Project(self.next_id(), path, members=dict(members), empty=empty)
        if not empty:
            self.push(made, "main", f"{made.id:040x}")
        return made

    def push(self, project: Project, branch: str, commit: str) -> None:
        """What a git client's push to a branch leaves."""
        project.branches[branch] = Branch(branch, commit, self.now())

    # Labels and issues

    def add_label(self, project: Project, name: str) -> Label:
        made = project.label(name) or Label(self.next_id(), name)
        if made not in project.labels:
            project.labels.append(made)
        return made

    def delete_label(self, project: Project, label: Label) -> None:
        """As a person does: the issues lose it, and its events show no label any more."""
        project.labels.remove(label)
        for issue in project.issues.values():
            issue.labels = [there for there in issue.labels if there is not label]
            issue.label_events = [
                LabelEvent(event.id, event.by, event.at, None if event.label is label else event.label, event.action)
                for event in issue.label_events
            ]

    def add_issue(self, project: Project, title: str, body: str | None, by: str, labels: Iterable[Label] = ()) -> Issue:
        project.issue_count += 1
        now, iid = self.now(), project.issue_count
        made = project.issues[iid] = Issue(self.next_id(), iid, title, body, by, now, now)
        self.relabel(made, labels, (), by)
        return made

    def relabel(self, issue: Issue, on: Iterable[Label], off: Iterable[Label], by: str) -> None:
        """Labels put on and taken off in one change; of scoped ones (`key::value`) the last of a key stays."""
        for label in on:
            key = label.name.rpartition("::")[0]
            rivals = [there for there in issue.labels if key and there.name.rpartition("::")[0] == key]
            self._take_off(issue, [there for there in rivals if there is not label], by)
            if label not in issue.labels:
                issue.labels.append(label)
                self._note_label(issue, label, "add", by)
        self._take_off(issue, off, by)

    def _take_off(self, issue: Issue, labels: Iterable[Label], by: str) -> None:
        for label in labels:
            if label in issue.labels:
                issue.labels.remove(label)
                self._note_label(issue, label, "remove", by)

    def _note_label(self, issue: Issue, label: Label, action: str, by: str) -> None:
        issue.changed = self.now()
        issue.label_events.append(LabelEvent(self.next_id(), by, issue.changed, label, action))

    def set_state(self, issue: Issue, event: str, by: str) -> None:
        """Close or reopen. Raises Refused (400)."""
        if event not in ("close", "reopen"):
            raise Refused(400, {"error": "state_event does not have a valid value"})
        state = "closed" if event == "close" else "opened"
        if issue.state != state:
            issue.state, issue.changed = state, self.now()
            happened = "closed" if event == "close" else "reopened"
            issue.state_events.append(StateEvent(self.next_id(), by, issue.changed, happened))

    # Notes

    def say(self, about: Issue | MergeRequest, body: str, by: str, **more: Any) -> Note:
        """A note; the quick actions in it are carried out and taken out of it."""
        now = self.now()
        made = Note(self.next_id(), by, body if more.get("system") else self.obeyed(body), now, now, **more)
        about.notes.append(made)
        about.changed = now
        return made

    def obeyed(self, text: str) -> str:
        """The text without its quick actions, which are carried out, carriage returns and spaces at the end."""
        text = text.replace("\r", "")
        self.orders += [match[0].strip() for match in _ORDERS.finditer(text)]
        return _ORDERS.sub("", text).rstrip()

    # Merge requests, webhooks and CI

    def add_merge_request(
        self, project: Project, source: str, target: str, title: str, body: str, by: str
    ) -> MergeRequest:
        project.merge_request_count += 1
        now, iid = self.now(), project.merge_request_count
        made = MergeRequest(self.next_id(), iid, source, target, title, self.obeyed(body), by, now, now)
        made.diffs = [dict(diff) for diff in DIFFS]
        project.merge_requests[iid] = made
        return made

    def open_between(self, project: Project, source: str, target: str) -> MergeRequest | None:
        return next(
            (
                found
                for found in project.merge_requests.values()
                if found.state == "opened" and (found.source, found.target) == (source, target)
            ),
            None,
        )

    def ask_reviewers(self, project: Project, merge_request: MergeRequest, ids: Iterable[int]) -> None:
        """Those of the reviewers that may see the project; only one in GitLab Free."""
        names = {number: name for name, number in self.users.items()}
        seen = [names[number] for number in ids if number in names and project.level(names[number])]
        merge_request.reviewers = {
            name: merge_request.reviewers.get(name, "unreviewed") for name in seen[: project.reviewers_most]
        }

    def approve(self, merge_request: MergeRequest, by: str) -> None:
        merge_request.approved_by[by] = self.now()
        if by in merge_request.reviewers:
            merge_request.reviewers[by] = "approved"
        self.say(merge_request, "approved this merge request", by, system=True)

    def unapprove(self, merge_request: MergeRequest, by: str) -> None:
        del merge_request.approved_by[by]
        self.say(merge_request, "unapproved this merge request", by, system=True)

    def request_changes(self, merge_request: MergeRequest, by: str) -> None:
        """Noted of everybody; only who is a reviewer has a state, and loses an approval."""
        self.say(merge_request, "requested changes", by, system=True)
        if by in merge_request.reviewers:
            merge_request.reviewers[by] = "requested_changes"
            merge_request.approved_by.pop(by, None)

    def add_hook(self, project: Project, url: str, events: dict[str, bool], token: str, signing_token: str) -> Hook:
        signing = signing_token if self.signs else ""
        made = Hook(self.next_id(), url, self.now(), events, token, signing)
        project.hooks[made.id] = made
        return made

    def add_status(self, project: Project, commit: str, name: str, status: str, **more: Any) -> Status:
        """CI's word; a newer one of the same name takes the place of the older."""
        there = project.statuses.setdefault(commit, [])
        there[:] = [old for old in there if old.name != name]
        made = Status(self.next_id(), name, status, more.pop("url", None), self.now(), **more)
        there.append(made)
        return made


DIFFS: tuple[dict[str, Any], ...] = (
    {
        "old_path": "README.md",
        "new_path": "README.md",
        "a_mode": "100644",
        "b_mode": "100644",
        "diff": "@@ -1,4 +1,4 @@\n-# Shop\n-first\n-second\n+# The shop\n+one\n+two\n the end\n",
        "new_file": False,
        "renamed_file": False,
        "deleted_file": False,
        "generated_file": False,
        "collapsed": False,
        "too_large": False,
    },
)
"""What every merge request of the stand-in changes, until a test says otherwise."""

"""What the schema's types show of the stand-in's memory. A field with arguments is a function that takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from testbed.linear.models import Issue, Said, State, Team
from testbed.linear.state import LinearState

Json = dict[str, Any]
PAGE, LARGEST = 50, 250
_PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")


def page(found: Iterable[Json]) -> Callable[..., Json]:
    """A connection; Linear's first entry is the one that was made last."""

    def paged(_info: Any, first: int = PAGE, after: str | None = None) -> Json:
        entries = sorted(found, key=lambda entry: entry["made"], reverse=True)
        start = next((place + 1 for place, entry in enumerate(entries) if entry["id"] == after), 0) if after else 0
        here = entries[start : start + min(first, LARGEST)]
        more = start + len(here) < len(entries)
        return {"nodes": here, "pageInfo": {"hasNextPage": more, "endCursor": here[-1]["id"] if here else None}}

    return paged


class Views:
    """For one account."""

    def __init__(self, state: LinearState, me: str) -> None:
        self._state, self._me = state, me

    def team(self, team: Team) -> Json:
        states = [state_view(state, number) for number, state in enumerate(team.states) if not state.archived]
        members = [self.user(name) for name in team.members if self._state.users[name].active]
        return {
            "id": team.id,
            "made": 0,
            "key": team.key,
            "archivedAt": _date(team.archived_at),
            "states": page(states),
            "members": page(members),
        }

    def user(self, name: str) -> Json:
        user = self._state.users[name]
        return {
            "id": user.id,
            "made": user.name,
            "displayName": user.name,
            "isMe": user.name == self._me,
            "active": user.active,
            "guest": user.guest,
        }

    def issue(self, issue: Issue) -> Json:
        state, key = self._state, f"{issue.team.key}-{issue.number}"
        names = {id_: name for name, id_ in state.labels.items()}
        return {
            "id": issue.id,
            "made": issue.at,
            "identifier": key,
            "url": f"{state.site}/issue/{key}",
            "title": issue.title,
            "description": issue.body or None,
            "priority": issue.priority,
            "priorityLabel": _PRIORITIES[issue.priority],
            "createdAt": _date(issue.at),
            "updatedAt": _date(issue.changed),
            "trashed": issue.trashed or None,
            "archivedAt": _date(issue.archived_at),
            "labelIds": issue.labels,
            "state": state_view(issue.state, 0),
            "team": lambda _info: self.team(issue.team),
            "labels": page({"id": id_, "made": names[id_], "name": names[id_]} for id_ in issue.labels),
            "creator": self.user(issue.by) if issue.by else None,
            "history": page(self._happened(entry) for entry in issue.history),
            "comments": page(self.said(said, issue) for said in issue.comments),
            "children": page(self._children(issue)),
            "attachments": page(
                {"id": found.id, "made": found.at, "title": found.title, "url": found.url}
                for found in issue.attachments
            ),
            "relations": page(self._relations(issue)),
            "inverseRelations": page(self._inverse(issue)),
        }

    def _happened(self, entry: Json) -> Json:
        actor = self.user(entry["by"]) if entry["by"] else None
        return entry | {"made": entry["at"], "createdAt": _date(entry["at"]), "actor": actor}

    def said(self, said: Said, issue: Issue) -> Json:
        return {
            "id": said.id,
            "made": said.at,
            "body": said.body,
            "createdAt": _date(said.at),
            "issue": self._later(issue),
            "user": self.user(said.user) if said.user else None,
            "botActor": {"name": said.bot} if said.bot else None,
            "externalUser": None,
        }

    def _later(self, issue: Issue) -> Callable[..., Json]:
        """The issue, when it is asked for: what it is related to leads back to it."""
        return lambda _info: self.issue(issue)

    def _children(self, issue: Issue) -> list[Json]:
        return [self.issue(one) for one in self._state.issues.values() if one.parent == issue.id]

    def _relations(self, issue: Issue) -> list[Json]:
        found = [self._state.issues[id_] for id_ in issue.relations]
        return [{"id": other.id, "made": other.at, "relatedIssue": self._later(other)} for other in found]

    def _inverse(self, issue: Issue) -> list[Json]:
        found = [other for other in self._state.issues.values() if issue.id in other.relations]
        return [{"id": other.id, "made": other.at, "issue": self._later(other)} for other in found]


def state_view(state: State, number: int) -> Json:
    """A workflow state."""
    return {"id": state.id, "made": -number, "name": state.name, "type": state.kind}


def _date(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

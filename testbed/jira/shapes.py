"""How Jira shows what it has, as JSON: Cloud's v3, and Data Center's v2, which names users in another way.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and
https://docs.atlassian.com/software/jira/docs/api/REST/latest/ ; a test holds Cloud's to its OpenAPI file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from testbed.jira.models import CATEGORIES, Account, Change, Issue, Project, Said, Status, Way
from testbed.jira.state import JiraState

Json = dict[str, Any]


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at * 1000) % 1000:03d}+0000"


class Shapes:
    """The shapes of one Jira."""

    def __init__(self, state: JiraState) -> None:
        self.state = state
        self.root = f"{state.site}/rest/api/{3 if state.cloud else 2}"

    def user(self, found: Account | None) -> Json | None:
        if found is None:
            return None
        shown: Json = {"active": True, "displayName": found.display, "timeZone": found.zone}
        if self.state.cloud:
            email = {"emailAddress": f"{found.name}@example.com"} if found.shows_email else {}
            return shown | email | {"accountId": found.id, "accountType": "atlassian", "self": f"{self.root}/user"}
        return shown | {"key": found.id, "name": found.name, "self": f"{self.root}/user?username={found.name}"}

    def project(self, found: Project) -> Json:
        return {"id": found.id, "key": found.key, "name": found.key, "self": f"{self.root}/project/{found.id}"}

    def status(self, found: Status) -> Json:
        key = CATEGORIES.get(found.name, "new")
        category = {"id": 2, "key": key, "name": key, "colorName": "yellow", "self": f"{self.root}/statuscategory/2"}
        link = f"{self.root}/status/{found.id}"
        return {"id": found.id, "name": found.name, "description": "", "self": link, "statusCategory": category}

    def transition(self, found: Way) -> Json:
        shown: Json = {"id": found.id, "name": found.name, "to": self.status(found.to)}
        if self.state.cloud:
            everywhere = found.sources is None
            shown |= {"hasScreen": found.has_screen, "isGlobal": everywhere, "isAvailable": True, "isInitial": False}
        return shown

    def comment(self, said: Said) -> Json:
        shown: Json = {"id": said.id, "body": said.body, "created": stamp(said.at), "updated": stamp(said.changed)}
        author = {"author": self.user(said.by), "updateAuthor": self.user(said.by)} if said.by else {}
        shown |= {"visibility": {"type": "role", "value": said.role}} if said.role else {}
        return shown | author | {"self": f"{self.root}/comment/{said.id}"}

    def comments(self, found: Sequence[Said], start: int, size: int, total: int) -> Json:
        shown = [self.comment(said) for said in found]
        return {"comments": shown, "startAt": start, "maxResults": size, "total": total}

    def history(self, found: Change) -> Json:
        item: Json = {
            "field": found.field,
            "fieldtype": "jira",
            "from": found.old[0] or None,
            "fromString": found.old[1],
            "to": found.new[0] or None,
            "toString": found.new[1],
        }
        if self.state.cloud:
            item = {name: value for name, value in item.items() if value is not None} | {"fieldId": found.field}
        return {"id": found.id, "author": self.user(found.by), "created": stamp(found.at), "items": [item]}

    def link(self, how: str, way: str, other: Issue, number: int) -> Json:
        kind = {
            "id": "10000",
            "name": "Relation",
            "inward": how,
            "outward": how,
            "self": f"{self.root}/issueLinkType/1",
        }
        return {"id": str(number), "type": kind, f"{way}Issue": self.brief(other)}

    def brief(self, found: Issue) -> Json:
        fields = {"summary": found.title, "status": self.status(found.status)}
        return {"id": found.id, "key": found.key, "self": f"{self.root}/issue/{found.id}", "fields": fields}

    def remote(self, title: str, url: str, number: int) -> Json:
        return {
            "id": number,
            "self": f"{self.root}/issue/1/remotelink/{number}",
            "object": {"title": title, "url": url},
        }

    def issue(self, found: Issue, fields: Collection[str], most_comments: int) -> Json:
        every = self._fields(found, most_comments)
        shown = {name: every[name] for name in fields if name in every}
        return {
            "expand": "",
            "id": found.id,
            "key": found.key,
            "self": f"{self.root}/issue/{found.id}",
            "fields": shown,
        }

    def _fields(self, found: Issue, most_comments: int) -> Json:
        files = [
            {"id": str(number), "filename": name, "content": f"{self.root}/attachment/content/{number}", "size": 7}
            for number, name in enumerate(found.files, 1)
        ]
        shown: Json = {
            "summary": found.title,
            "description": found.body,
            "labels": found.labels,
            "status": self.status(found.status),
            "priority": {"id": "2", "name": found.priority},
            "project": self.project(found.project),
            "issuetype": {"id": found.kind[0], "name": found.kind[1]},
            "creator": self.user(found.creator),
            "created": stamp(found.at),
            "updated": stamp(found.changed),
            "archiveddate": stamp(found.archived) if found.archived else None,
            "comment": self.comments(found.comments[:most_comments], 0, most_comments, len(found.comments)),
            "attachment": files,
            "issuelinks": [self.link(*relation, number) for number, relation in enumerate(found.relations, 1)],
            "subtasks": [self.brief(sub) for sub in found.subtasks],
        }
        return shown | ({"parent": self.brief(found.parent)} if found.parent else {})

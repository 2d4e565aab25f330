"""What GraphQL shows of the stand-in's memory. Each class is one of the schema's types; GraphQL calls its methods.

Source: https://docs.github.com/en/graphql/reference/objects
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.github import issue_models, models, project_models
from testbed.github.call import Call
from testbed.github.graph_parts import CommentNode, actor, connection
from testbed.github.project_desk import STATUS
from testbed.github.shapes import Json, iso, node_id

_UPDATED, _PROJECT, _STATUSES = r"updated:>=(\S+)", r"project:([^/\s]+)/(\d+)", r'status:("[^"]*"(?:,"[^"]*")*)'


@dataclass(frozen=True)
class IssueNode:
    """Issue, or PullRequest."""

    call: Call
    issue: issue_models.Issue
    owner: models.Repository

    @property
    def typename(self) -> str:
        return "PullRequest" if self.issue.is_pull else "Issue"

    @property
    def id(self) -> str:
        return node_id("I", self.issue.id)

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def title(self) -> str:
        return self.issue.title

    @property
    def body(self) -> str:
        return self.issue.body or ""

    @property
    def state(self) -> str:
        return self.issue.state.upper()

    @property
    def author(self) -> Json:
        return actor(self.issue.by)

    @property
    def lastEditedAt(self) -> str | None:
        return iso(self.issue.edited) if self.issue.edited else None

    @property
    def editor(self) -> Json | None:
        return actor(self.issue.editor) if self.issue.editor else None

    @property
    def updatedAt(self) -> str:
        return iso(self.issue.changed)

    @property
    def url(self) -> str:
        return f"{self.call.state.site}/{self.owner.full_name}/issues/{self.issue.number}"

    @property
    def repository(self) -> Json:
        return {"id": node_id("R", self.owner.id), "nameWithOwner": self.owner.full_name}

    def labels(self, _: Any, **page: Any) -> Json:
        return connection([{"name": label.name} for label in self.issue.labels], **page)

    def comments(self, _: Any, **page: Any) -> Json:
        return connection([CommentNode(self.call, said) for said in self.issue.said], **page)

    def projectItems(self, _: Any, *, includeArchived: bool, **page: Any) -> Json:
        found = [
            ItemNode(self.call, item, project)
            for project in self.call.state.projects.values()
            for item in project.items
            if item.about is self.issue and (includeArchived or not item.archived)
        ]
        return connection(found, **page)

    def timelineItems(self, _: Any, itemTypes: Sequence[str], **page: Any) -> Json:
        found: list[tuple[float, int, Json]] = []
        for entry in self.issue.log:
            shown: Json = {"id": node_id("RE", entry.id), "createdAt": iso(entry.at), "actor": actor(entry.by)}
            if entry.kind == "reopened" and "REOPENED_EVENT" in itemTypes:
                found.append((entry.at, entry.id, shown | {"__typename": "ReopenedEvent"}))
            elif entry.rename and "RENAMED_TITLE_EVENT" in itemTypes:
                found.append((entry.at, entry.id, shown | {"__typename": "RenamedTitleEvent"}))
            elif entry.source and "CROSS_REFERENCED_EVENT" in itemTypes:
                source = IssueNode(self.call, entry.source, self.owner)
                found.append((entry.at, entry.id, shown | {"__typename": "CrossReferencedEvent", "source": source}))
        if "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT" in itemTypes:
            found += self._changes()
        return connection([shown for *_, shown in sorted(found, key=lambda one: one[:2])], **page)

    def _changes(self) -> list[tuple[float, int, Json]]:
        return [
            (
                change.at,
                change.id,
                {
                    "__typename": "ProjectV2ItemStatusChangedEvent",
                    "id": node_id("PVTISC", change.id),
                    "createdAt": iso(change.at),
                    "status": change.status,
                    "actor": actor(change.by),
                    "project": ProjectNode(self.call, project),
                },
            )
            for project in self.call.state.projects.values()
            for change in project.changes
            if change.issue is self.issue
        ]


@dataclass(frozen=True)
class ItemNode:
    """ProjectV2Item."""

    call: Call
    item: project_models.Item
    of: project_models.Project
    typename = "ProjectV2Item"

    @property
    def id(self) -> str:
        return node_id("PVTI", self.item.id)

    @property
    def isArchived(self) -> bool:
        return self.item.archived

    @property
    def project(self) -> ProjectNode:
        return ProjectNode(self.call, self.of)

    @property
    def content(self) -> Any:
        if self.item.about is None or self.item.owner is None:
            return {"__typename": "DraftIssue", "id": node_id("DI", self.item.id), "title": self.item.title}
        return IssueNode(self.call, self.item.about, self.item.owner)

    def fieldValueByName(self, _: Any, name: str) -> Json | None:
        value = self.item.values.get(name)
        if value is None:
            return None
        shown = {"name": value.option.name, "updatedAt": iso(value.at)}
        return shown | {"__typename": "ProjectV2ItemFieldSingleSelectValue"}


@dataclass(frozen=True)
class ProjectNode:
    """ProjectV2."""

    call: Call
    of: project_models.Project
    typename = "ProjectV2"

    @property
    def id(self) -> str:
        return node_id("PVT", self.of.id)

    @property
    def number(self) -> int:
        return self.of.number

    @property
    def closed(self) -> bool:
        return self.of.closed

    @property
    def viewerCanUpdate(self) -> bool:
        return may(self.call, self.of, "write")

    @property
    def owner(self) -> Json:
        return {"__typename": self.of.owner.kind, "login": self.of.owner.login}

    def field(self, _: Any, name: str) -> Json | None:
        if name not in self.of.fields:
            return None
        options = [{"id": option.id, "name": option.name} for option in self.of.fields[name]]
        return {"__typename": "ProjectV2SingleSelectField", "id": f"PVTSSF_{name}", "options": options}

    def items(self, _: Any, query: str = "", **page: Any) -> Json:
        wanted = re.search(_STATUSES, query or "")
        names = re.findall(r'"([^"]*)"', wanted[1]) if wanted else None
        found = [
            ItemNode(self.call, item, self.of)
            for item in self.of.items
            if (names is None or (STATUS in item.values and item.values[STATUS].option.name in names))
            and (item.about is None or item.owner is None or item.about.number in item.owner.issues)
        ]
        return connection(found, **page)


def may(call: Call, project: project_models.Project, access: str) -> bool:
    """Whether the token and its account may read or write this project."""
    role = "admin" if call.token.of_app else project.roles.get(call.by.login, "")
    allowed = role in (("read", "write", "admin") if access == "read" else ("write", "admin"))
    return allowed and call.token.may("organization_projects", access)


def search(call: Call, text: str, **page: Any) -> Json:
    """Issues of a project that were changed since a moment, the one that was changed first leading."""
    since, where = re.search(_UPDATED, text), re.search(_PROJECT, text)
    found = [
        IssueNode(call, item.about, item.owner)
        for project in call.state.projects.values()
        for item in project.items
        if where
        and (project.owner.login, str(project.number)) == (where[1], where[2])
        and item.about
        and item.owner
        and item.about.number in item.owner.issues
        and since
        and iso(item.about.changed) >= since[1]
    ]
    return connection(sorted(found, key=lambda node: node.issue.changed), **page)

"""GraphQL: the schema's own rules are kept by graphql-core, which carries out what is asked.

Source: https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema, graphql_sync

from testbed.github import desk, pull_graph
from testbed.github.call import Call, Endpoint, Json
from testbed.github.graph_nodes import IssueNode, ItemNode, ProjectNode, may, search
from testbed.github.graph_parts import CommentNode, actor, connection
from testbed.github.issue_routes import BODY_MOST
from testbed.github.project_desk import STATUS, set_value
from testbed.github.shapes import node_id
from testbed.github.state import Refused

SCHEMA = Path(__file__).with_name("schema.graphql")
_KINDS = {403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


@cache
def schema(*, new: bool = True) -> GraphQLSchema:
    """The schema. new: with what older GitHub Enterprise Servers lack."""
    text = SCHEMA.read_text()
    return build_schema(text if new else re.sub(r"^.*# new$", "", text, flags=re.MULTILINE))


def graphql(call: Call) -> Json:
    """The whole answer, errors too."""
    text, variables = str(call.body.get("query")), call.body.get("variables") or {}
    if name := pull_graph.asked(text):
        return pull_graph.answer(call, name, variables)
    found = graphql_sync(
        schema(new=call.state.new_graph),
        text,
        Root(call),
        variable_values=variables,
        type_resolver=lambda value, *_: value["__typename"] if isinstance(value, Mapping) else value.typename,
    )
    errors = [_shown(error) for error in found.errors or ()]
    return {"data": found.data} | ({"errors": errors} if errors else {})


def _shown(error: Any) -> Json:
    refused = error.original_error
    kind = {"type": _KINDS[refused.status], "path": error.path} if isinstance(refused, Refused) else {}
    said = refused.message if isinstance(refused, Refused) else error.message
    return kind | {"message": said, "locations": [{"line": 1, "column": 1}]}


class Root:
    """Query and Mutation."""

    def __init__(self, call: Call) -> None:
        self._call, self._state = call, call.state

    def viewer(self, _: Any) -> Json:
        return actor(self._call.by)

    def node(self, _: Any, id: str) -> Any:
        """Raises Refused (404), as for whatever the account may not see."""
        for owner in self._state.repositories.values():
            if self._call.may(owner, "read"):
                for issue in owner.issues.values():
                    if node_id("I", issue.id) == id:
                        return IssueNode(self._call, issue, owner)
        raise _unknown(id)

    def nodes(self, info: Any, ids: list[str]) -> list[Any]:
        return [self.node(info, one) for one in ids]

    def organization(self, _: Any, login: str) -> Any:
        return self._owner(login, "Organization")

    def user(self, _: Any, login: str) -> Any:
        return self._owner(login, "User")

    def search(self, _: Any, query: str, type: str, **page: Any) -> Json:  # noqa: ARG002
        return search(self._call, query, **page)

    def addComment(self, _: Any, input: Json) -> Json:
        self._see_permission("issues")
        about = self.node(None, input["subjectId"])
        said = desk.say(self._state, about.issue, _body(input), self._call.by)
        return {"commentEdge": {"node": CommentNode(self._call, said)}}

    def updateIssueComment(self, _: Any, input: Json) -> Json:
        self._see_permission("issues")
        for owner in self._state.repositories.values():
            for issue in owner.issues.values():
                for said in issue.said:
                    if node_id("IC", said.id) == input["id"] and said.by is self._call.by:
                        said.body, said.changed = _body(input), self._state.now()
                        return {"issueComment": CommentNode(self._call, said)}
        raise _unknown(input["id"])

    def updateProjectV2ItemFieldValue(self, _: Any, input: Json) -> Json:
        self._see_permission("organization_projects")
        project = next(
            (one for one in self._state.projects.values() if node_id("PVT", one.id) == input["projectId"]), None
        )
        if project is None:
            raise _unknown(input["projectId"])
        if not may(self._call, project, "write"):
            raise Refused(403, f"{self._call.by.login} does not have the correct permissions to execute this")
        item = next((one for one in project.items if node_id("PVTI", one.id) == input["itemId"]), None)
        if item is None:
            raise _unknown(input["itemId"])
        wanted = input["value"]["singleSelectOptionId"]
        option = next((one for one in project.fields[STATUS] if one.id == wanted), None)
        if option is None:
            raise Refused(422, "The single select option Id does not belong to the field")
        set_value(self._state, project, item, STATUS, option, self._call.by)
        return {"projectV2Item": ItemNode(self._call, item, project)}

    def _owner(self, login: str, kind: str) -> Json:
        found = self._state.users.get(login)
        if found is None or found.kind != kind:
            raise Refused(
                404, f"Could not resolve to {'an' if kind[0] == 'O' else 'a'} {kind} with the login of '{login}'."
            )

        def project(_: Any, number: int) -> ProjectNode:
            for one in self._state.projects.values():
                if one.owner is found and one.number == number and may(self._call, one, "read"):
                    return ProjectNode(self._call, one)
            raise Refused(404, f"Could not resolve to a ProjectV2 with the number {number}.")

        def members(_: Any, **page: Any) -> Json:
            if not self._call.token.may("members", "read"):
                raise _forbidden(self._call)
            people = [
                actor(user)
                for user in self._state.users.values()
                if user.kind == "User" and user.login not in self._state.outsiders
            ]
            return connection(people, **page)

        return actor(found) | {"projectV2": project, "membersWithRole": members}

    def _see_permission(self, name: str) -> None:
        if not self._call.token.may(name, "write"):
            raise _forbidden(self._call)


def _forbidden(call: Call) -> Refused:
    whose = "integration" if call.token.of_app else "personal access token"
    return Refused(403, f"Resource not accessible by {whose}")


def _unknown(id_: str) -> Refused:
    return Refused(404, f"Could not resolve to a node with the global id of '{id_}'")


def _body(given: Json) -> str:
    body = str(given["body"])
    if not body.strip():
        raise Refused(422, "Body cannot be blank")
    if len(body) > BODY_MOST:
        raise Refused(422, f"Body is too long (maximum is {BODY_MOST} characters)")
    return body


def what_for(body: Mapping[str, Any]) -> str:
    """Kind and name of the operation, such as " mutation AddComment", by which faults are aimed; else nothing."""
    said = re.match(r"\s*(query|mutation)\s+(\w+)", str(body.get("query", "")))
    return f" {said[1]} {said[2]}" if said else ""


TABLE = (Endpoint("POST", "/api/graphql", graphql), Endpoint("POST", "/graphql", graphql))

"""Who calls, projects, teams, boards and types of work items.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/core/ , .../work/boards , .../wit/work-item-types
"""

from __future__ import annotations

from typing import Any

from testbed.azure.call import Call, Endpoint
from testbed.azure.models import Column, Json, Person, TeamBoard
from testbed.azure.state import Refused


def identity(call: Call, person: Person) -> Json:
    """An IdentityRef."""
    return {
        "id": person.id,
        "displayName": person.name,
        "uniqueName": person.unique_name,
        "url": f"{call.state.root}/_apis/Identities/{person.id}",
    }


def listed(found: list[Any]) -> Json:
    """A list as most of the API gives it."""
    return {"count": len(found), "value": found}


def _connection(call: Call) -> Json:
    person = call.by
    return {"authenticatedUser": {"id": person.id, "providerDisplayName": person.name, "isActive": True}}


def _project(call: Call) -> Json:
    found = call.project
    return {
        "id": found.id,
        "name": found.name,
        "url": f"{call.state.root}/_apis/projects/{found.id}",
        "state": found.state,
        "revision": 1,
        "visibility": "private",
    }


def _teams(call: Call) -> Json:
    teams = [{"id": team.id, "name": team.name} for team in call.project.teams]
    return listed(teams[call.number("$skip", 0) :][: call.number("$top", 100)])


def _members(call: Call) -> Json:
    team = call.state.team(call.project, call.path["team"])
    people = [{"identity": identity(call, call.state.people[name]), "isTeamAdmin": False} for name in team.members]
    return listed(people[call.number("$skip", 0) :][: call.number("$top", 100)])


def _types(call: Call) -> Json:
    return listed(
        [
            {"name": name, "referenceName": f"Acme.{name.replace(' ', '')}", "states": _states(states)}
            for name, states in call.project.types.items()
        ]
    )


def _states(names: list[str]) -> list[Json]:
    return [{"name": name, "color": "b2b2b2", "category": "InProgress"} for name in names]


def _boards(call: Call) -> Json:
    team = call.state.team(call.project, call.path["team"])
    return listed(
        [{"id": board.id, "name": board.name, "url": f"{call.state.root}/{board.id}"} for board in team.boards]
    )


def _board(call: Call) -> Json:
    team = call.state.team(call.project, call.path["team"])
    for board in team.boards:
        if call.path["board"] in (board.id, board.name):
            return board_shape(board)
    raise Refused(404, "VS402432: The board does not exist.", "BoardDoesNotExistException")


def board_shape(board: TeamBoard) -> Json:
    """A Board."""
    stem = board.field_name.removesuffix("Column")
    return {
        "id": board.id,
        "name": board.name,
        "revision": 1,
        "columns": [_column(column) for column in board.columns],
        "rows": [{"id": "00000000-0000-0000-0000-000000000000", "name": None}],
        "fields": {
            "columnField": {"referenceName": board.field_name},
            "rowField": {"referenceName": f"{stem}Lane"},
            "doneField": {"referenceName": f"{stem}Column.Done"},
        },
    }


def _column(column: Column) -> Json:
    return {
        "id": column.id,
        "name": column.name,
        "itemLimit": 0,
        "stateMappings": column.states,
        "isSplit": column.split,
        "description": "",
        "columnType": column.kind,
    }


def _areas(call: Call) -> Json:
    team = call.state.team(call.project, call.path["team"])
    values = [{"value": area, "includeChildren": True} for area in team.areas]
    field = {"referenceName": "System.AreaPath", "url": ""}
    return {"field": field, "defaultValue": team.areas[0], "values": values}


TABLE = (
    Endpoint("GET", "/_apis/connectionData", _connection, preview=True),
    Endpoint("GET", "/_apis/projects/{project}", _project, "vso.project"),
    Endpoint("GET", "/_apis/projects/{project}/teams", _teams, "vso.project"),
    Endpoint("GET", "/_apis/projects/{project}/teams/{team}/members", _members, "vso.project"),
    Endpoint("GET", "/{project}/_apis/wit/workitemtypes", _types, "vso.work"),
    Endpoint("GET", "/{project}/{team}/_apis/work/boards", _boards, "vso.work"),
    Endpoint("GET", "/{project}/{team}/_apis/work/boards/{board}", _board, "vso.work"),
    Endpoint("GET", "/{project}/{team}/_apis/work/teamsettings/teamfieldvalues", _areas, "vso.work"),
)

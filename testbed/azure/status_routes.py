"""What CI says of commits and of pull requests: endpoints, and how it is shown.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/ (7.1); a test holds the answers to the vendor's own
client.
"""

from __future__ import annotations

from testbed.azure import pull_state as git
from testbed.azure.call import Call, Endpoint
from testbed.azure.code_routes import PULL, READ, REPOSITORY, pull_of, repository_of
from testbed.azure.models import Json
from testbed.azure.project_routes import listed
from testbed.azure.pull_state import Status
from testbed.azure.state import Refused, date

_BUILD = {"id": "0609b952-1397-4640-95ec-e00a01b2c241", "displayName": "Build"}
_PEOPLE = {"id": "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd", "displayName": "Minimum number of reviewers"}


def _status(found: Status) -> Json:
    return {
        "id": found.id,
        "state": found.state,
        "context": {"name": found.name, "genre": found.genre or None},
        "targetUrl": found.url,
        "creationDate": date(found.at),
        "description": "",
    }


def _commit_statuses(call: Call) -> Json:
    found = repository_of(call).statuses.get(call.path["commit"], [])
    if call.params.get("latestOnly") == "true":
        found = list({one.name: one for one in found}.values())
    return listed([_status(one) for one in found])


def _pull_statuses(call: Call) -> Json:
    return listed([_status(one) for one in pull_of(call).statuses])


def _evaluations(call: Call) -> Json:
    project = call.project
    about = call.params.get("artifactId", "")
    start = f"vstfs:///CodeReview/CodeReviewId/{project.id}/"
    if not about.startswith(start):
        raise Refused(400, f"{about} is no artifact of project {project.name}.", "ArgumentException")
    number = int(about.removeprefix(start))
    found = next(one.pulls[number] for one in git.repositories(call.state).values() if number in one.pulls)
    builds = [
        {
            "evaluationId": f"evaluation-{at}",
            "status": build["status"],
            "startedDate": date(found.at),
            "configuration": {
                "id": at,
                "type": _BUILD,
                "isEnabled": True,
                "isBlocking": True,
                "settings": {"buildDefinitionId": at, "displayName": build["name"]},
            },
            "context": {"buildId": 100 + at, "buildDefinitionName": build["name"]},
        }
        for at, build in enumerate(found.builds)
    ]
    people: Json = {"id": 99, "type": _PEOPLE, "isEnabled": True, "isBlocking": True, "settings": {}}
    return listed([*builds, {"evaluationId": "people", "status": "queued", "configuration": people, "context": None}])


TABLE = (
    Endpoint("GET", f"{REPOSITORY}/commits/{{commit}}/statuses", _commit_statuses, READ),
    Endpoint("GET", f"{PULL}/statuses", _pull_statuses, READ),
    Endpoint("GET", "/{project}/_apis/policy/evaluations", _evaluations, READ, preview=True),
)

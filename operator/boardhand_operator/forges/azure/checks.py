"""What CI says of a commit: its statuses, and those and the build policies of the pull requests it is the head of.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/statuses , .../git/pull-request-statuses ,
.../policy/evaluations (7.1)
"""

from __future__ import annotations

from boardhand_operator.forges.azure.at import At, Json
from boardhand_operator.reviews import Check, CheckState

_BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
"""The type of the policies that build; the others are about people and comments."""
_POLICY = {"api-version": "7.1-preview.1"}
_STATES = {
    "succeeded": CheckState.PASSED,
    "notApplicable": CheckState.PASSED,
    "failed": CheckState.FAILED,
    "error": CheckState.FAILED,
    "approved": CheckState.PASSED,
    "rejected": CheckState.FAILED,
    "broken": CheckState.FAILED,
}
"""Of statuses and of policies; every other one runs, or is to come."""


async def read(at: At, commit: str) -> list[Check]:
    """The newest of each name."""
    path = f"{at.root}/commits/{commit}/statuses"
    found = await at.values(f"read the statuses of {commit}", path, {"top": "1000", "latestOnly": "true"})
    checks = _statuses(found)
    for pull in await _pulls(at, commit):
        number = pull["pullRequestId"]
        said = await at.values(f"read the statuses of pull request {number}", f"{at.pull(number)}/statuses")
        checks |= _statuses(said) | await _policies(at, pull)
    return list(checks.values())


async def _pulls(at: At, commit: str) -> list[Json]:
    """The open pull requests whose branch is at this commit."""
    asked = {"queries": [{"type": "commit", "items": [commit]}]}
    found = await at.http.ask(f"search pull requests of {commit}", f"{at.root}/pullrequestquery", asked)
    pulls = [pull for result in found["results"] for pulls in result.values() for pull in pulls]
    at_head = [pull for pull in pulls if (pull.get("lastMergeSourceCommit") or {}).get("commitId") == commit]
    return [pull for pull in at_head if pull["status"] == "active"]


async def _policies(at: At, pull: Json) -> dict[str, Check]:
    number, project = pull["pullRequestId"], pull["repository"]["project"]["id"]
    params = {"artifactId": f"vstfs:///CodeReview/CodeReviewId/{project}/{number}", **_POLICY}
    path = f"{at.project}/policy/evaluations"
    found = await at.values(f"read the policies of pull request {number}", path, params)
    builds = [one for one in found if one["configuration"]["type"]["id"] == _BUILD]
    checks = [Check(_name(one), _STATES.get(one["status"], CheckState.RUNNING), _url(at, one)) for one in builds]
    return {check.name: check for check in checks}


def _name(policy: Json) -> str:
    """As the policy is called, or else its build."""
    settings, context = policy["configuration"].get("settings") or {}, policy.get("context") or {}
    return str(settings.get("displayName") or context.get("buildDefinitionName") or "Build")


def _url(at: At, policy: Json) -> str:
    build = (policy.get("context") or {}).get("buildId")
    return f"{at.site}/{at.place.project}/_build/results?buildId={build}" if build else ""


def _statuses(found: list[Json]) -> dict[str, Check]:
    """The newest of each context."""
    checks: dict[str, Check] = {}
    for one in sorted(found, key=lambda one: int(one["id"])):
        context = one["context"]
        name = "/".join(filter(None, [context.get("genre"), context["name"]]))
        checks[name] = Check(name, _STATES.get(one["state"], CheckState.RUNNING), one.get("targetUrl") or "")
    return checks

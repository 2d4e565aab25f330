"""The schema's queries and mutations over the stand-in's memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from testbed.linear.models import Issue, Token
from testbed.linear.state import LinearState, Refused, state_by_id
from testbed.linear.views import Json, Views, page

Filter = Mapping[str, Any]


class Roots:
    """What a call with this token may ask for, by the names of the schema's root fields."""

    def __init__(self, state: LinearState, token: Token) -> None:
        self._state, self._token, self._views = state, token, Views(state, token.user)

    def fields(self) -> dict[str, Any]:
        """Functions by the names of the root fields."""
        return {
            "teams": self._teams,
            "issues": self._issues,
            "issue": lambda _info, id: self._views.issue(self._seen(id)),
            "comments": self._comments,
            "issueLabels": self._labels,
            "webhooks": self._webhooks,
            "issueUpdate": self._issue_update,
            "commentCreate": self._comment_create,
            "commentUpdate": self._comment_update,
            "webhookCreate": self._webhook_create,
            "webhookUpdate": self._webhook_update,
        }

    # Queries

    def _teams(self, info: Any, filter: Filter | None = None, **paging: Any) -> Json:
        found = [team for team in self._mine() if _fits(filter, {"key": team.key})]
        return page(self._views.team(team) for team in found)(info, **paging)

    def _issues(self, info: Any, filter: Filter | None = None, **paging: Any) -> Json:
        here = (issue for issue in self._visible() if issue.archived_at is None)
        found = [issue for issue in here if _fits(filter, _facts(issue))]
        return page(self._views.issue(issue) for issue in found)(info, **paging)

    def _comments(self, info: Any, filter: Filter | None = None, **paging: Any) -> Json:
        found = [
            self._views.said(said, issue)
            for issue in self._visible()
            for said in issue.comments
            if _fits(filter, {"createdAt": said.at, "issue": _facts(issue)})
        ]
        return page(found)(info, **paging)

    def _labels(self, info: Any, filter: Filter | None = None, **paging: Any) -> Json:
        found = [{"id": id_, "made": name, "name": name} for name, id_ in self._state.labels.items()]
        return page(label for label in found if _fits(filter, label))(info, **paging)

    def _webhooks(self, info: Any, **paging: Any) -> Json:
        self._need("admin")
        teams = {team.id: team for team in self._state.teams.values()}
        found = [
            {"id": h.id, "made": h.id, "url": h.url, "enabled": h.enabled, "team": self._views.team(teams[h.team])}
            for h in self._state.hooks.values()
        ]
        return page(found)(info, **paging)

    # Mutations

    def _issue_update(self, _info: Any, id: str, input: Filter) -> Json:
        self._need("write")
        issue = self._seen(id)
        if "stateId" in input:
            self._state.put(issue, state_by_id(issue.team, input["stateId"]), self._token.user)
        return {"success": True, "issue": self._views.issue(issue)}

    def _comment_create(self, _info: Any, input: Filter) -> Json:
        self._need("write")
        issue = self._seen(input["issueId"])
        said = self._state.say(issue, self._token.user, input["body"])
        return {"success": True, "comment": self._views.said(said, issue)}

    def _comment_update(self, _info: Any, id: str, input: Filter) -> Json:
        self._need("write")
        said = self._state.comment_of(id)
        if said.user != self._token.user:
            raise Refused("You can only edit your own comments", "forbidden", "FORBIDDEN")
        said.body = input["body"]
        issue = next(issue for issue in self._state.issues.values() if said in issue.comments)
        return {"success": True, "comment": self._views.said(said, issue)}

    def _webhook_create(self, _info: Any, input: Filter) -> Json:
        self._need("admin")
        made = self._state.add_hook(
            input["url"], input["teamId"], input.get("secret", ""), input["resourceTypes"], enabled=input["enabled"]
        )
        return {"success": True, "webhook": {"id": made.id, "url": made.url, "enabled": made.enabled, "team": None}}

    def _webhook_update(self, _info: Any, id: str, input: Filter) -> Json:
        self._need("admin")
        hook = self._state.hooks[id]
        hook.enabled, hook.secret = input.get("enabled", hook.enabled), input.get("secret", hook.secret)
        hook.url = input.get("url", hook.url)
        return {"success": True, "webhook": {"id": hook.id, "url": hook.url, "enabled": hook.enabled, "team": None}}

    # Who may see and do what

    def _need(self, scope: str) -> None:
        if scope not in self._token.scopes:
            raise Refused(f"Invalid scope: `{scope}` required", "forbidden", "FORBIDDEN")

    def _mine(self) -> list[Any]:
        return [team for team in self._state.teams.values() if self._token.user in team.members]

    def _visible(self) -> Iterable[Issue]:
        return (issue for issue in self._state.issues.values() if self._token.user in issue.team.members)

    def _seen(self, issue: str) -> Issue:
        found = self._state.issue_of(issue)
        if self._token.user not in found.team.members:
            raise Refused("Entity not found: Issue")
        return found


def _facts(issue: Issue) -> Json:
    return {"id": issue.id, "team": {"key": issue.team.key}, "state": {"name": issue.state.name}}


def _fits(wanted: Filter | None, found: Filter) -> bool:
    """Whether what is found fits a filter; all of its parts must."""
    return all(_compared(how, found[name]) for name, how in (wanted or {}).items())


def _compared(how: Filter, value: Any) -> bool:
    if isinstance(value, Mapping):
        return _fits(how, value)
    tests: dict[str, Callable[[Any], bool]] = {
        "eq": lambda given: bool(value == given),
        "in": lambda given: value in given,
        "gte": lambda given: bool(value >= datetime.fromisoformat(given).timestamp()),
    }
    return all(tests[name](given) for name, given in how.items() if given is not None)

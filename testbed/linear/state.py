"""The workspace, and every change that people and the API make to it. No HTTP in here."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping

from testbed.linear.models import Attached, Hook, Issue, Said, State, Team, Token, User


class Refused(Exception):
    """What Linear answers instead: its message, type and code (LinearErrorType of npm's @linear/sdk)."""

    def __init__(self, message: str, kind: str = "invalid input", code: str = "INPUT_ERROR", status: int = 400) -> None:
        super().__init__(message)
        self.message, self.kind, self.code, self.status = message, kind, code, status


class LinearState:
    """Everything of one workspace."""

    def __init__(self, tokens: Mapping[str, Token], site: str = "https://linear.app/acme") -> None:
        self.tokens, self.site = dict(tokens), site
        self.skew = 0.0
        """Seconds that Linear's clock is ahead."""
        self._last = 0.0
        self.clear()

    def clear(self) -> None:
        """Forget all but the tokens."""
        self.users: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.labels: dict[str, str] = {}
        self.issues: dict[str, Issue] = {}
        self.hooks: dict[str, Hook] = {}

    def now(self) -> float:
        """Seconds since 1970 by Linear's clock; each look is a millisecond later at least."""
        self._last = max(round(self._last + 0.001, 3), round(time.time(), 3))
        return self._last + self.skew

    # What people do

    def add_user(self, name: str, *, active: bool = True, guest: bool = False) -> User:
        made = self.users[name] = User(_id(), name, active, guest)
        return made

    def add_team(self, key: str, states: Mapping[str, str], members: list[str]) -> Team:
        """states: their types by name."""
        made = Team(_id(), key, [State(_id(), name, kind) for name, kind in states.items()], members)
        self.teams[key] = made
        return made

    def add_label(self, name: str) -> str:
        """The id of the label of this name."""
        return self.labels.setdefault(name, _id())

    def add_issue(self, team: Team, title: str, state: str, body: str = "", parent: str = "", by: str = "") -> Issue:
        team.numbers += 1
        now = self.now()
        made = Issue(_id(), team, team.numbers, title, body, state_of(team, state), now, now, parent=parent, by=by)
        self.issues[made.id] = made
        return made

    def put(self, issue: Issue, state: State, by: str = "") -> None:
        """Move it; where it is there already nothing happens."""
        if issue.state is not state:
            before, issue.state = issue.state, state
            self._happen(issue, fromStateId=before.id, toStateId=state.id, by=by)

    def edit(self, issue: Issue, title: str, body: str, by: str = "") -> None:
        before = issue.title if title != issue.title else None
        changed = body != issue.body or None
        issue.title, issue.body = title, body
        self._happen(issue, fromTitle=before, updatedDescription=changed, by=by)

    def label(self, issue: Issue, name: str) -> None:
        issue.labels.append(self.add_label(name))
        self._happen(issue)

    def archive(self, issue: Issue, *, back: bool = False) -> None:
        issue.archived_at = None if back else self.now()
        self._happen(issue, archived=not back)

    def trash(self, issue: Issue, *, back: bool = False) -> None:
        """Put it into the bin, from which it goes for good after 30 days."""
        issue.trashed, issue.archived_at = not back, None if back else self.now()
        self._happen(issue, trashed=not back)

    def delete(self, issue: Issue) -> None:
        """For good, as an admin can."""
        del self.issues[issue.id]

    def archive_state(self, team: Team, name: str) -> None:
        """Linear takes that only where all of its issues are archived. Raises Refused."""
        state = state_of(team, name)
        if any(issue.state is state and issue.archived_at is None for issue in self.issues.values()):
            raise Refused("Cannot archive a workflow state that has issues")
        state.archived = True

    def attach(self, issue: Issue, title: str, url: str) -> None:
        issue.attachments.append(Attached(_id(), title, url, self.now()))
        self._happen(issue)

    # What the API does too

    def say(self, issue: Issue, user: str, body: str, bot: str = "") -> Said:
        made = Said(_id(), user, body, self.now(), bot)
        issue.comments.append(made)
        return made

    def comment_of(self, comment: str) -> Said:
        """Raises Refused where there is none of this id."""
        for issue in self.issues.values():
            for said in issue.comments:
                if said.id == comment:
                    return said
        raise Refused("Entity not found: Comment")

    def issue_of(self, issue: str) -> Issue:
        """By its id, or its identifier. Raises Refused."""
        for found in self.issues.values():
            if issue in (found.id, f"{found.team.key}-{found.number}"):
                return found
        raise Refused("Entity not found: Issue")

    def add_hook(self, url: str, team: str, secret: str, resources: list[str], *, enabled: bool) -> Hook:
        if not url.startswith("https://"):
            raise Refused("Argument Validation Error")
        made = Hook(_id(), url, team, enabled, secret, resources)
        self.hooks[made.id] = made
        return made

    def _happen(self, issue: Issue, **entry: object) -> None:
        now = self.now()
        whole: dict[str, object] = {"fromStateId": None, "toStateId": None, "archived": None, "trashed": None, "by": ""}
        whole |= {"fromTitle": None, "updatedDescription": None} | entry
        issue.history.append({"id": _id(), "at": now} | whole)
        issue.changed = now


def state_of(team: Team, name: str) -> State:
    """The team's state of this name. Raises Refused."""
    for state in team.states:
        if state.name == name and not state.archived:
            return state
    raise Refused("Entity not found: WorkflowState")


def state_by_id(team: Team, id_: str) -> State:
    """The team's state with this id. Raises Refused."""
    for state in team.states:
        if state.id == id_ and not state.archived:
            return state
    raise Refused("Entity not found: WorkflowState")


def _id() -> str:
    return str(uuid.uuid4())

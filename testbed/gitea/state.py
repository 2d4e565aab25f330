"""The stand-in's whole memory, and every change that can be made to it. No HTTP in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from testbed.gitea.issue_models import Tracker
from testbed.gitea.pull_models import README, Comment, Pull, Status

TITLE_MAX = 255
PAGE_MAX = 50
"""Entries that a page has at most, unless the server is set otherwise."""


class Refused(Exception):
    """The call is refused with this status and Gitea's sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


def not_found() -> Refused:
    return Refused(404, "not found")


@dataclass(frozen=True)
class Token:
    """Whose it is, and its scopes: unless given read:user, write:repository and write:issue, or those of a reader."""

    login: str
    writes: bool
    given: tuple[str, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        return self.given or (("read:user", "write:repository", "write:issue") if self.writes else ("read:repository",))


@dataclass
class Branch:
    """A branch, with the commit that was pushed last and how often one was."""

    name: str
    commit: str
    pushes: int = 1
    at: float = 0.0
    """When the commit was made: here, when it was pushed."""


@dataclass
class Repository:
    """A repository; one without branches is empty."""

    id: int
    owner: str
    name: str
    default_branch: str
    at: float
    archived: bool = False
    pull_requests: bool = True
    numbers: int = 0
    branches: dict[str, Branch] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    tracker: Tracker = field(default_factory=Tracker)
    files: dict[str, str] = field(default_factory=lambda: {"README.md": README})
    """By their paths, the same on every branch."""
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    """By commit, oldest first."""

    def next_number(self) -> int:
        """Issues and pull requests are counted together; a number is not given again."""
        self.numbers += 1
        return self.numbers

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class GiteaState:
    """Repositories, their branches and pull requests. `now` is Unix seconds, `site` begins every link."""

    def __init__(
        self, tokens: dict[str, Token], site: str = "http://gitea.test", now: Callable[[], float] = time.time
    ) -> None:
        self.tokens = tokens
        self.site = site
        self.now = now
        self.page_max = PAGE_MAX
        self.clear()

    def clear(self) -> None:
        """Forget everything but the tokens."""
        self.repositories: dict[str, Repository] = {}
        self._last_id = 0

    def next_id(self) -> int:
        """Ids grow, whatever they are of."""
        self._last_id += 1
        return self._last_id

    def repository(self, full_name: str) -> Repository:
        """The repository owner/name. Raises Refused (404)."""
        found = self.repositories.get(full_name.lower())
        if found is None:
            raise not_found()
        return found

    def add_repository(self, full_name: str, branch: str = "main", *, empty: bool = False) -> Repository:
        """A repository, with a first commit on its branch unless it shall be empty; one that is there stays."""
        owner, name = full_name.split("/")
        made = Repository(self.next_id(), owner, name, branch, self.now())
        found = self.repositories.setdefault(full_name.lower(), made)
        if not empty and not found.branches:
            self.push(found, branch, f"{found.id:040x}")
        return found

    def push(self, repository: Repository, branch: str, commit: str) -> Branch:
        """What a git client's push to a branch leaves."""
        known = repository.branches.setdefault(branch, Branch(branch, commit, pushes=0))
        known.commit, known.at = commit, self.now()
        known.pushes += 1
        return known

    def pulls(self, repository: Repository, head: str, base: str) -> Iterator[Pull]:
        """The pull requests from one branch into another, the first made leading, whatever their state."""
        return (pull for pull in repository.pulls.values() if (pull.head, pull.base) == (head, base))

    def check_opening(self, repository: Repository, head: str, base: str) -> None:
        """See that a pull request may be opened. Raises Refused: 404 for a branch that is missing, 409 for a second."""
        if not {head, base} <= repository.branches.keys():
            raise not_found()
        for there in self.pulls(repository, head, base):
            if there.state == "open":
                place = f"id: {there.id}, issue_id: {there.number}, head_repo_id: {repository.id}, "
                place += f"base_repo_id: {repository.id}, head_branch: {head}, base_branch: {base}"
                raise Refused(409, f"pull request already exists for these targets [{place}]")

    def open_pull(self, repository: Repository, head: str, base: str, title: str, body: str, by: str) -> Pull:
        number, now = repository.next_number(), self.now()
        made = Pull(self.next_id(), number, head, base, title[:TITLE_MAX], body, by, now, changed=now)
        repository.pulls[number] = made
        return made

    def pull(self, repository: Repository, number: int) -> Pull:
        """The pull request of this number. Raises Refused (404)."""
        if number not in repository.pulls:
            raise not_found()
        return repository.pulls[number]

    def edit_pull(self, pull: Pull, title: str | None, body: str | None, state: str | None) -> None:
        """Change what is given; an empty title changes nothing."""
        pull.title = (title or pull.title)[:TITLE_MAX]
        pull.body = pull.body if body is None else body
        pull.state = state or pull.state
        pull.changed = self.now()

    def add_comment(self, pull: Pull, body: str, by: str) -> Comment:
        made = Comment(self.next_id(), by, body, self.now())
        pull.comments.append(made)
        pull.changed = made.at
        return made

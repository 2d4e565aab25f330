"""The stand-in's whole memory, and every change that can be made to it. No HTTP in here."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

COMMENT_MAX = 32_768
TITLE_MAX = 255
LINES = 3
"""Lines of README.md, which every new branch changes."""


class Refused(Exception):
    """The call is refused with this status and Bitbucket's sentence."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        """more: fields beside the message, such as `fields` and `detail`."""
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.more = more


@dataclass(frozen=True)
class Account:
    """A person, or the account that an access token has of itself."""

    name: str
    kind: str = "user"

    @property
    def uuid(self) -> str:
        return f"{{{uuid.uuid5(uuid.NAMESPACE_DNS, self.name)}}}"


@dataclass(frozen=True)
class Token:
    """Whose it is and what it may; one with an e-mail address is a person's API token."""

    account: Account
    scopes: frozenset[str]
    email: str = ""


@dataclass
class Branch:
    name: str
    commit: str
    at: float


@dataclass
class Comment:
    id: int
    by: Account
    text: str
    at: float
    path: str = ""
    line: int = 0
    deleted: bool = False


@dataclass
class Participant:
    """What somebody makes of a pull request."""

    account: Account
    state: str
    at: float


@dataclass
class Pull:
    id: int
    head: str
    base: str
    title: str
    text: str
    draft: bool
    by: Account
    at: float
    reviewers: list[Account]
    state: str = "OPEN"
    comments: list[Comment] = field(default_factory=list)
    participants: dict[str, Participant] = field(default_factory=dict)


@dataclass
class Status:
    key: str
    name: str
    state: str
    url: str
    at: float


@dataclass
class Hook:
    uuid: str
    url: str
    events: list[str]
    active: bool
    secret: str


@dataclass
class Repository:
    """A repository; one without branches is empty."""

    workspace: str
    slug: str
    main: str = "main"
    branches: dict[str, Branch] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    statuses: dict[str, dict[str, Status]] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    default_reviewers: list[Account] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.workspace}/{self.slug}"


class BitbucketState:
    """Accounts, repositories and all that is at them. `site` begins every link; `offset`: seconds its clock is off."""

    def __init__(self, site: str, now: Callable[[], float] = time.time) -> None:
        self.site = site
        self.offset = 0.0
        self.page_max = 50
        self._now = now
        self._last = 0
        self.tokens: dict[str, Token] = {}
        self.members: dict[str, Account] = {}
        self.repositories: dict[str, Repository] = {}

    def now(self) -> float:
        return self._now() + self.offset

    def next(self) -> int:
        """Numbers grow, whatever they are of."""
        self._last += 1
        return self._last

    def member(self, name: str) -> Account:
        """A person of the workspace."""
        return self.members.setdefault(name, Account(name))

    def account(self, id_: str) -> Account | None:
        return next((one for one in self.members.values() if one.uuid == id_), None)

    def repository(self, full_name: str) -> Repository:
        """Raises Refused (404)."""
        found = self.repositories.get(full_name.lower())
        if found is None:
            raise Refused(404, f"Repository {full_name} not found")
        return found

    def add_repository(self, full_name: str, *, empty: bool = False) -> Repository:
        """A repository, with a first commit on main unless it shall be empty."""
        workspace, slug = full_name.split("/")
        made = self.repositories[full_name.lower()] = Repository(workspace, slug)
        if not empty:
            self.push(made, made.main)
        return made

    def push(self, owner: Repository, branch: str, commit: str | None = None) -> Branch:
        """What a git client's push to a branch leaves; a new commit unless one is given."""
        made = owner.branches[branch] = Branch(branch, commit or f"{self.next():040x}", self.now())
        return made

    def pull(self, owner: Repository, number: int) -> Pull:
        """Raises Refused (404)."""
        if number not in owner.pulls:
            raise Refused(404, f"Pull request {number} not found")
        return owner.pulls[number]

    def open_pull(
        self,
        owner: Repository,
        by: Account,
        head: str,
        base: str,
        title: str,
        text: str = "",
        *,
        draft: bool = False,
        reviewers: Sequence[Account] = (),
    ) -> Pull:
        """A pull request; one that is open between these branches is brought up to date. Raises Refused (400)."""
        for place, name in (("source", head), ("destination", base)):
            if name not in owner.branches:
                raise Refused(400, "Bad request", fields={place: [f"branch not found: {name}"]})
        if owner.branches[head].commit == owner.branches[base].commit:
            raise Refused(400, "There are no changes to be pulled")
        for there in owner.pulls.values():
            if (there.head, there.base, there.state) == (head, base, "OPEN"):
                there.title, there.text, there.draft = title[:TITLE_MAX], text, draft
                return there
        made = Pull(len(owner.pulls) + 1, head, base, title[:TITLE_MAX], text, draft, by, self.now(), list(reviewers))
        owner.pulls[made.id] = made
        return made

    def say(self, pull: Pull, by: Account, text: str, path: str = "", line: int = 0) -> Comment:
        """Raises Refused (400) for a text that is empty or too long."""
        if not text.strip():
            raise Refused(400, "content: This field is required.")
        if len(text) > COMMENT_MAX:
            raise Refused(400, f"content: Ensure this value has at most {COMMENT_MAX} characters")
        made = Comment(self.next(), by, text, self.now(), path, line)
        pull.comments.append(made)
        return made

    def judge(self, pull: Pull, by: Account, state: str) -> Participant:
        """state: approved or changes_requested."""
        made = pull.participants[by.uuid] = Participant(by, state, self.now())
        return made

    def status(self, owner: Repository, commit: str, key: str, name: str, state: str) -> None:
        """What CI says; a key's newest status replaces the one before."""
        url = f"https://ci.example/{self.next()}"
        owner.statuses.setdefault(commit, {})[key] = Status(key, name, state, url, self.now() + self._last / 1000)

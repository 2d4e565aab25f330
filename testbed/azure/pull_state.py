"""What the stand-in remembers of repositories and pull requests, and every change to them. No HTTP in here.

What the vendor's pages leave open is assumed as others have met it: the TF numbers of refusals, texts of at most 4,000
characters, lists that cut them at 400, the thread Azure makes of a vote, and that people vote for themselves alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.azure.models import Json, Person, Project, new_id
from testbed.azure.state import AzureState, Refused

TITLE_MAX, TEXT_MAX, COMMENT_MAX = 400, 4000, 150_000
HEADS = "refs/heads/"


@dataclass
class Commit:
    id: str
    at: float


@dataclass
class Remark:
    """A comment of a thread."""

    id: int
    by: Person
    text: str
    at: float
    kind: str = "text"
    deleted: bool = False


@dataclass
class Thread:
    """Comments below each other; at a line where it has a path."""

    id: int
    at: float
    status: str
    remarks: list[Remark]
    path: str = ""
    line: int = 0
    voted: Person | None = None
    """Whose vote Azure notes with it."""


@dataclass
class Status:
    id: int
    genre: str
    name: str
    state: str
    url: str
    at: float


@dataclass
class Pull:
    id: int
    source: str
    target: str
    title: str
    text: str
    draft: bool
    by: Person
    at: float
    status: str = "active"
    votes: dict[str, int] = field(default_factory=dict)
    """By the person's name; who is asked and has not voted has 0."""
    labels: list[str] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    builds: list[Json] = field(default_factory=list)
    """Policy evaluations: name and status."""


@dataclass
class Repository:
    """A repository; one without branches is empty."""

    name: str
    project: Project
    id: str = field(default_factory=new_id)
    default: str = "main"
    disabled: bool = False
    branches: dict[str, Commit] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """On the default branch, by their path with its slash."""


def repositories(state: AzureState) -> dict[str, Repository]:
    """All of the organisation, by name."""
    found: dict[str, Repository] = state.more.setdefault("git", {})
    return found


def add_repository(state: AzureState, project: Project, name: str, *, empty: bool = False) -> Repository:
    """A repository, with a first commit on main and a README unless it shall be empty."""
    made = repositories(state)[name] = Repository(name, project)
    if not empty:
        push(state, made, made.default)
        made.files["/README.md"] = "one\ntwo\nthree\n"
    return made


def push(state: AzureState, owner: Repository, branch: str, commit: str | None = None) -> Commit:
    """What a git client's push leaves; a new commit unless one is given."""
    made = owner.branches[branch] = Commit(commit or f"{state.next_number():040x}", state.now())
    return made


def repository(state: AzureState, project: str, name: str) -> Repository:
    """By name or id. Raises Refused (404)."""
    owner = state.project(project)
    for found in repositories(state).values():
        if found.project is owner and name in (found.name, found.id):
            return found
    text = f"TF401019: The Git repository with name or identifier {name} does not exist or you do not have permissions"
    raise Refused(404, text, "GitRepositoryNotFoundException")


def pull(owner: Repository, number: int) -> Pull:
    """Raises Refused (404)."""
    if number not in owner.pulls:
        text = f"TF401180: The requested pull request was not found: {number}."
        raise Refused(404, text, "GitPullRequestNotFoundException")
    return owner.pulls[number]


def open_pull(
    state: AzureState, owner: Repository, by: Person, source: str, target: str, title: str, text: str, *, draft: bool
) -> Pull:
    """Raises Refused: 400 for a branch that is not there, 409 for a second one."""
    if source == target:
        raise Refused(400, "TF401394: The source and the target branch are the same.", "GitPullRequestException")
    check_texts(title, text)
    for ref in (source, target):
        if ref.removeprefix(HEADS) not in owner.branches:
            said = (
                "TF401398: The pull request cannot be activated because the source and/or the target branch no longer "
                "exists, or the requested refs are not properly formatted."
            )
            raise Refused(400, said, "GitPullRequestCannotBeActivated")
    for there in owner.pulls.values():
        if (there.source, there.target, there.status) == (source, target, "active"):
            said = "TF401179: An active pull request for the source and target branch already exists."
            raise Refused(409, said, "GitPullRequestExistsException")
    made = Pull(state.next_number(), source, target, title, text, draft, by, state.now())
    owner.pulls[made.id] = made
    return made


def check_texts(title: str, text: str) -> None:
    """Raises Refused (400) for what is empty or too long."""
    if not title.strip() or len(title) > TITLE_MAX:
        raise Refused(400, f"A title must have 1 to {TITLE_MAX} characters.", "InvalidArgumentValueException")
    if len(text) > TEXT_MAX:
        said = f"A maximum of {TEXT_MAX} characters is allowed in the description."
        raise Refused(400, said, "InvalidArgumentValueException")


def say(
    state: AzureState, of: Pull, by: Person, text: str, path: str = "", line: int = 0, status: str = "active"
) -> Thread:
    """A thread with one comment. Raises Refused (400) for a text that is empty or too long."""
    if not text.strip() or len(text) > COMMENT_MAX:
        raise Refused(400, f"A comment must have 1 to {COMMENT_MAX} characters.", "InvalidArgumentValueException")
    at = state.now()
    made = Thread(state.next_number(), at, status, [Remark(1, by, text, at)], path, line)
    of.threads.append(made)
    return made


def vote(state: AzureState, of: Pull, by: Person, value: int) -> None:
    """A vote, and the note that Azure makes of it."""
    of.votes[by.name] = value
    if value:
        at = state.now()
        system = Person("Microsoft.VisualStudio.Services.TFS")
        noted = Remark(1, system, f"{by.name} voted {value}", at, kind="system")
        of.threads.append(Thread(state.next_number(), at, "unknown", [noted], voted=by))


def tell_status(state: AzureState, owner: Repository, commit: str, name: str, said: str) -> None:
    """What CI says of a commit; every word is kept."""
    number = state.next_number()
    made = Status(number, "", name, said, f"https://ci.example/{number}", state.now())
    owner.statuses.setdefault(commit, []).append(made)

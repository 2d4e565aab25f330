"""The part of a pool that says what its owners decided."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from boardhand_api.base import Money, NonEmpty, Wire

PathPattern = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\s]([^\n]*[^/\s])?$")]
"""Of paths from the repository's root: `*` is any part of a name, `**` any folders."""

PROTECTED = (
    ".github/workflows/**",
    ".github/actions/**",
    ".gitlab-ci.yml",
    ".gitlab/**",
    ".gitea/workflows/**",
    ".gitea/actions/**",
    ".forgejo/workflows/**",
    ".forgejo/actions/**",
    "**/Jenkinsfile*",
    "**/azure-pipelines*.yml",
    "**/azure-pipelines*.yaml",
    ".azure-pipelines/**",
    "bitbucket-pipelines.yml",
    ".circleci/**",
    ".travis.yml",
    ".drone.*",
    ".woodpecker/**",
    ".woodpecker.*",
    ".buildkite/**",
    ".cirrus.*",
    ".semaphore/**",
    ".teamcity/**",
    ".tekton/**",
    ".builds/**",
    ".build.yml",
    "appveyor.yml",
    ".appveyor.yml",
    "cloudbuild.yaml",
    "buildspec.yml",
    "**/CODEOWNERS",
    "**/.gitmodules",
    ".lfsconfig",
)
"""What a forge's own machines run with its secrets, who is asked for a review, and where git gets more from."""
CHANGE_BYTES = 100_000_000
CHANGE_FILES = 1_000
FILE_BYTES = 25_000_000


class OnRed(StrEnum):
    """What becomes of a change whose verify commands failed."""

    DRAFT = "Draft"
    NOTHING = "Nothing"


class OnLimit(StrEnum):
    """What becomes of work that a limit ended: time, money, tokens or steps."""

    DRAFT = "Draft"
    NOTHING = "Nothing"


class Commands(Wire):
    """Who may command by comments such as `/boardhand retry`, and how much."""

    authors: Annotated[list[NonEmpty], Field(max_length=100)] | None = None
    """User names or ids on the board, of its members; absent: all its members; empty: nobody, and no comment is read
    for it."""
    money: Money | None = None
    """The most US dollars that `/boardhand budget N` may give the next attempt; absent: none, it is refused."""


class Trigger(Wire):
    """Whose tickets are taken: it is asked of who put the ticket into the ready column, and where the board does not
    tell that, of who wrote it."""

    authors: Annotated[list[NonEmpty], Field(max_length=100)] | None = None
    """User names of members on the board, or ids of anybody there; absent: all members, unless teams are named; empty:
    nobody."""
    teams: Annotated[list[NonEmpty], Field(max_length=20)] = []
    """Teams whose members may too, by the names that the board knows them by; only azure tells who is in them."""
    labels: Annotated[list[NonEmpty], Field(max_length=20)] = []
    """Tickets that bear one of these are taken as well, whoever wrote or moved them: labels that only trusted people
    can put on."""
    anyone: bool = False
    """Take every ticket of the ready column, whoever put it there."""


class Comments(StrEnum):
    """Whose comments the model reads."""

    MEMBERS = "Members"
    ALL = "All"


class Approval(StrEnum):
    """What a person approves before the work begins."""

    NONE = "None"
    PLAN = "Plan"


class Policy(Wire):
    """What the pool's owners decided."""

    on_red: OnRed = OnRed.DRAFT
    """Draft: a draft pull request; Nothing: the branch is left as it is, and no pull request opened."""
    on_limit: OnLimit = OnLimit.DRAFT
    """Draft: what is there when a limit ends the run is pushed, tried and opened as a draft pull request; Nothing: it
    is dropped."""
    require_tests: bool = True
    """A verify run that is known to have run no test is not a pass."""
    tests_must_fail_on_base: bool = False
    """A change without tests that are shown to fail without it is sent back, and at last handed over as a draft."""
    commands: Commands = Commands()
    """Who may command by comments."""
    trigger: Trigger = Trigger()
    """Whose tickets are taken."""
    comments: Comments = Comments.MEMBERS
    """Members: comments of people who are not the board's members are left out of what the model reads, and the run
    says how many; All: they are read."""
    approval: Approval = Approval.NONE
    """Plan: a run that changes nothing first makes a plan and puts it on the ticket, and the work begins when somebody
    who may command says `/boardhand approve`, by that very plan. Only for tickets of a board."""
    protected_paths: Annotated[list[PathPattern], Field(max_length=100)] | None = None
    """Paths that no run may push a change of, in any of its commits: patterns from the repository's root, in which `*`
    is any part of a name and `**` any folders. A change of a submodule is one of .gitmodules. Absent: the CI
    configuration of all common systems, CODEOWNERS, .gitmodules and .lfsconfig."""
    allow_protected: Annotated[list[PathPattern], Field(max_length=100)] = []
    """Of the protected paths those that runs may change all the same."""
    change_bytes: Annotated[int, Field(ge=1)] = CHANGE_BYTES
    """The most bytes that a change may hold, counting every version of every file."""
    change_files: Annotated[int, Field(ge=1, le=100_000)] = CHANGE_FILES
    """The most files that a change may touch."""
    file_bytes: Annotated[int, Field(ge=1, le=400_000_000)] = FILE_BYTES
    """The most bytes that one file of a change may have."""

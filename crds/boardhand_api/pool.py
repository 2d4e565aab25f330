"""`CodingAgent`: a pool of agents that works one board into one repository."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from boardhand_api.base import (
    CloneUrl,
    Folder,
    NonEmpty,
    Priority,
    SecretRef,
    Url,
    Wire,
    distinct,
    rules,
)
from boardhand_api.egress import Egress
from boardhand_api.keeping import Persistence, Retention
from boardhand_api.limits import Budget, Limits
from boardhand_api.mcp_servers import McpServer
from boardhand_api.model import Models
from boardhand_api.notification import Notification
from boardhand_api.pod_settings import PodSettings
from boardhand_api.policy import Policy
from boardhand_api.sealed import Sealed, check_source, one_source
from boardhand_api.workbench import Workbench


class Columns(Wire):
    """The board's columns by what Boardhand does with them, named as on the board."""

    ready: NonEmpty = "Sprint Backlog"
    """Tickets in this column are taken."""
    in_progress: NonEmpty = "In Progress"
    """A claimed ticket is moved here."""
    review: NonEmpty = "In Review"
    """A ticket with a pull request, or with an answer, is moved here."""
    failed: NonEmpty | None = None
    """A ticket whose run failed is moved here; absent: it stays in progress, for a person to look at."""


class Webhook(Wire):
    """How a board or forge tells of changes at once. Polls go on, and stay what counts."""

    callback_url: Url
    """Where it calls, as it reaches it: the operator's webhooks, at the path /webhooks/NAMESPACE/POOL."""


class Board(Wire):
    """Where the tickets are."""

    model_config = {"json_schema_extra": rules(one_source("secretRef", "sealed", required=True))}

    type: NonEmpty
    """Which board it is, as one of the installed implementations names itself: trello, jira, jira-dc, github,
    github-projects, gitlab, gitea, forgejo, linear, azure."""
    board: NonEmpty
    """Trello: the board's id; Jira: the project's key; GitHub, Gitea, Forgejo: owner/name; GitHub Projects:
    orgs/NAME/NUMBER or users/NAME/NUMBER; GitLab: group/project; Linear: the team's key; Azure: organisation/project,
    or organisation/project/team."""
    url: Url | None = None
    """The server's address, where it is not the vendor's own; required for Jira, Gitea and Forgejo. For trello the API
    with its version, such as https://api.trello.com/1."""
    secret_ref: SecretRef | None = None
    """Credentials: a Secret with the key `token`; for trello `key` too, for jira `email` too, for a GitHub App `appId`
    and `privateKey` instead; with `webhookSecret` where there is a webhook."""
    sealed: Sealed | None = None
    """The same keys, sealed with `boardhand seal --field board.KEY`, in place of secretRef."""
    columns: Columns = Columns()
    """Which column means what."""
    label: str | None = None
    """Only tickets with this label are taken; absent: all of the ready column."""
    filter: Annotated[NonEmpty | None, Field(max_length=4000)] = None
    """Only tickets that the board's own query language finds with this are taken; for Jira JQL, for Azure WIQL."""
    priorities: Annotated[dict[str, Priority], Field(max_length=100)] = {}
    """Label, or word of the board's own priority field, to priority, such as `urgent: 100`. Of a ticket's the highest
    counts, without one it is 0; waiting runs of a higher priority begin first, and those of the same by age."""
    poll_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    """How often the board is asked for ready tickets, in seconds."""
    webhook: Webhook | None = None
    """Absent: changes are seen with the next poll."""

    @property
    def secret_name(self) -> str:
        """Where the credentials are, for messages."""
        return self.secret_ref.name if self.secret_ref else "(spec.board.sealed)"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        check_source(("secretRef", self.secret_ref), ("sealed", self.sealed), required=True)
        return self


class Repository(Wire):
    """What the tickets are about."""

    model_config = {
        "json_schema_extra": rules(
            one_source("readSecretRef", "readSealed", required=False),
            one_source("pushSecretRef", "pushSealed", required=True),
        )
    }

    url: CloneUrl
    """Clone address over https, http or ssh (ssh://git@host/path), without credentials."""
    branch: NonEmpty = "main"
    """The branch that work starts from and pull requests go to."""
    read_secret_ref: SecretRef | None = None
    """Credentials for cloning, keys as for pushing; absent: the repository is public."""
    read_sealed: Sealed | None = None
    """The same keys, sealed with `boardhand seal --field repository.read.KEY`, in place of readSecretRef."""
    push_secret_ref: SecretRef | None = None
    """Credentials for pushing, keys `username` and `token`; over ssh `sshKey` and `knownHosts`; of a GitHub App `appId`
    and `privateKey`, which no stage sees: tokens of an hour are made of them. Only the publish stage sees them."""
    push_sealed: Sealed | None = None
    """The same keys, sealed with `boardhand seal --field repository.push.KEY`, in place of pushSecretRef."""
    workdir: Folder | None = None
    """The folder that set-up, verify and the agent's commands start in, from the repository's root; absent: there."""
    sparse: Annotated[list[Folder], Field(max_length=100)] = []
    """Only these folders, and the files of the folders above them, are in the work tree, as in git's cone mode; workdir
    always is. Empty: everything. The proof is always of the whole commit."""
    submodules: bool = False
    """Whether the files of submodules are there, to be read and never changed: only those on the repository's own
    server, at most three levels deep. Without it their folders are empty."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        check_source(("readSecretRef", self.read_secret_ref), ("readSealed", self.read_sealed), required=False)
        check_source(("pushSecretRef", self.push_secret_ref), ("pushSealed", self.push_sealed), required=True)
        return self


class Forge(Wire):
    """Where pull requests are opened."""

    model_config = {"json_schema_extra": rules(one_source("secretRef", "sealed", required=False))}

    type: NonEmpty
    """Which forge it is, as one of the installed implementations names itself: github, gitlab, gitea, forgejo,
    bitbucket, azure; or git: a plain remote, where the branch is all there is."""
    url: Url | None = None
    """The forge's address, without the API's path; absent: github.com, gitlab.com, bitbucket.org, dev.azure.com. It is
    required for gitea and forgejo."""
    secret_ref: SecretRef | None = None
    """Credentials for the API, key `token`; for bitbucket `email` too where it is a person's, for a GitHub App `appId`
    and `privateKey` instead; with `webhookSecret` where there is a webhook. Only the operator sees them. Absent for a
    plain remote that is public or reached by ssh."""
    sealed: Sealed | None = None
    """The same keys, sealed with `boardhand seal --field forge.KEY`, in place of secretRef."""
    labels: Annotated[list[Annotated[NonEmpty, Field(max_length=100)]], Field(max_length=20)] = []
    """Labels that pull requests get; they must be there."""
    reviewers: Annotated[list[Annotated[NonEmpty, Field(max_length=100)]], Field(max_length=20)] = []
    """Who is asked to review pull requests, by the names the forge knows them by."""
    template: bool = True
    """Whether a description follows the repository's pull-request template, where it has one."""
    webhook: Webhook | None = None
    """Absent: what happens to pull requests is seen with the next poll."""

    @property
    def secret_name(self) -> str:
        """Where the credentials are, for messages; empty where there are none."""
        return self.secret_ref.name if self.secret_ref else "(spec.forge.sealed)" if self.sealed else ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        check_source(("secretRef", self.secret_ref), ("sealed", self.sealed), required=False)
        return self


class CertificateBundle(Wire):
    """Certificate authorities that all stages trust."""

    config_map: NonEmpty
    """A ConfigMap in the pool's namespace."""
    key: NonEmpty = "ca.crt"
    """The key under which the PEM bundle stands; it replaces the image's own bundle."""


class CodingAgentSpec(Wire):
    """A pool: which board it works, into which repository, with what."""

    model_config = {
        "json_schema_extra": rules(
            (
                "!has(self.board) || has(self.forge)",
                "spec.forge is required with spec.board: a ticket ends in a pull request, or with type git in a branch",
            ),
            (
                "!has(self.budget) || (has(self.limits) && has(self.limits.money))",
                "spec.limits.money is required with spec.budget: it is what a run reserves",
            ),
        )
    }

    suspend: bool = False
    """No further ticket is taken while true; runs under way finish."""
    board: Board | None = None
    """Absent: only runs applied by hand are worked."""
    repository: Repository
    """What the tickets are about."""
    forge: Forge | None = None
    """Absent: the branch is pushed and no pull request opened."""
    models: Models
    """Large and small."""
    workbench: Workbench
    """Toolchain image and commands."""
    mcp_servers: Annotated[
        list[McpServer],
        Field(
            max_length=8,
            json_schema_extra=distinct("name", "the MCP servers' names"),
        ),
    ] = []
    """Servers whose tools the agents have beside their own."""
    limits: Limits = Limits()
    """What a run may use."""
    budget: Budget | None = None
    """What all runs together may use; absent: not limited. A run that does not fit waits."""
    policy: Policy = Policy()
    """What the pool's owners decided."""
    pod: PodSettings = PodSettings()
    """Where and as what its pods run."""
    egress: Egress = Egress()
    """What its pods may reach."""
    certificates: CertificateBundle | None = None
    """Own certificate authorities; absent: what the images bring."""
    persistence: Persistence | None = None
    """Absent: a run that loses its pod starts anew."""
    retention: Retention = Retention()
    """What becomes of runs that are done. Runs applied by hand stay."""
    notifications: Annotated[
        list[Notification],
        Field(max_length=4, json_schema_extra=distinct("name", "the notifications' names")),
    ] = []
    """Webhooks that are told, once each, of what came of a run. What they answer keeps nothing from going on."""

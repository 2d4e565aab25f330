"""`CodingAgent`: a pool of agents that works one board into one repository."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, WithJsonSchema

from boardhand_api.base import NonEmpty, Wire, rules

HTTP_URL = r"^https?://[^\s]+$"
Url = Annotated[str, Field(pattern=HTTP_URL)]
Seconds = Annotated[int, Field(ge=1)]
_PART = r"\.?[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*"
Folder = Annotated[str, Field(pattern=rf"^{_PART}(/{_PART})*$", max_length=255)]
"""A folder of the repository, from its root; no part of it is `..`."""
Money = Annotated[Decimal, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]


class SecretRef(Wire):
    """A Secret in the pool's own namespace."""

    name: NonEmpty
    """Name of the Secret."""


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


class Board(Wire):
    """Where the tickets are."""

    type: NonEmpty
    """Which board it is, as one of the installed implementations names itself: trello."""
    board: NonEmpty
    """The board's id."""
    url: Url | None = None
    """The board's API with its version, where it is not the vendor's own, such as https://api.trello.com/1."""
    secret_ref: SecretRef
    """Credentials; for trello a Secret with the keys `key` and `token`."""
    columns: Columns = Columns()
    """Which column means what."""
    label: str | None = None
    """Only tickets with this label are taken; absent: all of the ready column."""
    poll_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    """How often the board is asked for ready tickets, in seconds."""


class Repository(Wire):
    """What the tickets are about."""

    url: Url
    """Clone address over http or https, without credentials."""
    branch: NonEmpty = "main"
    """The branch that work starts from and pull requests go to."""
    read_secret_ref: SecretRef | None = None
    """Credentials for cloning, keys `username` and `token`; absent: the repository is public."""
    push_secret_ref: SecretRef
    """Credentials for pushing, keys `username` and `token`. Only the publish stage sees them."""
    workdir: Folder | None = None
    """The folder that set-up, verify and the agent's commands start in, from the repository's root; absent: there."""
    sparse: Annotated[list[Folder], Field(max_length=100)] = []
    """Only these folders, and the files of the folders above them, are in the work tree, as in git's cone mode; workdir
    always is. Empty: everything. The proof is always of the whole commit."""


class Forge(Wire):
    """Where pull requests are opened."""

    type: NonEmpty
    """Which forge it is, as one of the installed implementations names itself: gitea."""
    url: Url
    """The forge's address, without the API's path."""
    secret_ref: SecretRef
    """Credentials for the API, key `token`. Only the operator sees them."""


class Provider(StrEnum):
    """Who serves a model."""

    OPENAI = "openai"
    MISTRAL = "mistral"
    GOOGLE = "google"
    ANTHROPIC = "anthropic"


class Price(Wire):
    """What a model costs, in US dollars a million tokens."""

    prompt: Money
    """A million prompt tokens."""
    cached: Money | None = None
    """A million prompt tokens read from the provider's cache; absent: as `prompt`."""
    cache_write: Money | None = None
    """A million prompt tokens written to the provider's cache; absent: as `prompt`."""
    completion: Money
    """A million completion tokens."""


class EditFormat(StrEnum):
    """How a model changes files."""

    REPLACE = "replace"
    WHOLE_FILE = "whole-file"


class CallFormat(StrEnum):
    """How a model calls tools."""

    NATIVE = "native"
    TEXT = "text"


class Profile(Wire):
    """What a model can do. Each field replaces that of the built-in profile."""

    name: NonEmpty | None = None
    """The built-in profile to start from, such as small-local; absent: the one that fits the model's name."""
    context_tokens: Annotated[int | None, Field(ge=2048)] = None
    """Prompt and answer together, in tokens: what the server is set to, where that is less than the model can."""
    answer_tokens: Annotated[int | None, Field(ge=256)] = None
    """An answer is cut off after so many tokens; absent: as the provider does."""
    edits: EditFormat | None = None
    """replace: exact pieces of a file; whole-file: only whole files."""
    calls: CallFormat | None = None
    """native: by the provider's own tool calls; text: as blocks in the answer, for models that have none."""
    parallel_calls: bool | None = None
    """Whether an answer may hold several calls."""
    prompt_caching: bool | None = None
    """Whether the provider is told to cache the prompt, where it does not by itself."""
    small_prompt: bool | None = None
    """Short instructions and only the tools that are needed."""


class PlainModel(Wire):
    """One language model at its provider."""

    provider: Provider = Provider.OPENAI
    """openai also speaks to every OpenAI-compatible server, see `baseURL`."""
    name: NonEmpty
    """The model's name at its provider."""
    base_url: Annotated[Url | None, Field(alias="baseURL")] = None
    """The server's address up to and with its version, such as http://ollama:11434/v1; absent: the provider's own."""
    secret_ref: SecretRef | None = None
    """A Secret with the key `apiKey`; absent: the server wants none. Only the agent stage sees it."""
    price: Price | None = None
    """Absent: the built-in table, and where the model is not in it, money is not counted."""
    profile: Profile | None = None
    """What the model can do; absent: told by its name."""


class Model(PlainModel):
    """One language model, and what takes its place."""

    fallback: PlainModel | None = None
    """Asked for the rest of the run where the model stays unavailable, or its context is too small and this one's is
    larger."""


class Models(Wire):
    """The large model does the work; the small one routes and describes."""

    large: Model
    """Does the work."""
    small: Model | None = None
    """Routes and writes the pull request's text; absent: the large one."""


class Resources(Wire):
    """Requests and limits of one stage, as Kubernetes quantities."""

    requests: dict[str, str] = {}
    """Such as cpu: 250m, memory: 512Mi."""
    limits: dict[str, str] = {}
    """Such as memory: 2Gi."""


class Service(Wire):
    """A server that set-up, verify and the agent's commands need, such as a database. It is reached at 127.0.0.1."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
    """Its container is called service-NAME."""
    image: NonEmpty
    """Any image that runs as user 10001. Never `latest`."""
    command: Annotated[list[NonEmpty], Field(max_length=50)] = []
    """Takes the place of the image's entry point."""
    env: dict[str, str] = {}
    """Its environment. Never a secret: what the model starts can reach the service."""
    ports: Annotated[list[Annotated[int, Field(ge=1024, le=65535)]], Field(max_length=10)] = []
    """The ports it listens on. The next stage waits until the first accepts connections; without one nothing waits."""
    ready_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    """So long it may take until the first port accepts connections; then it is started again."""
    resources: Resources = Resources()
    """Its requests and limits."""


class Cache(Wire):
    """A folder of the workbench that is a volume. What can be written in the workbench is never seen by the proof."""

    model_config = {
        "json_schema_extra": rules(
            ("has(self.claim) != has(self.size)", "a cache has either claim or size"),
            ("!self.readOnly || has(self.claim)", "only a cache with claim can be readOnly"),
            (
                "self.path.startsWith('/boardhand/home/') || !(self.path + '/').matches('^/(boardhand|dev|proc|sys)/')",
                "path must not be below /boardhand (except /boardhand/home/...), /dev, /proc or /sys",
            ),
            ("self.path != '/tmp'", "path must not be /tmp, which is writable anyway"),
        )
    }

    path: Annotated[str, Field(pattern=rf"^(/{_PART})+$", max_length=255)]
    """Where the workbench finds it, such as /cache/maven. Point the tool there with workbench.env."""
    claim: Annotated[NonEmpty | None, Field(max_length=253)] = None
    """An existing PersistentVolumeClaim; what one run leaves there, the next one finds."""
    size: Annotated[str | None, Field(pattern=r"^[1-9][0-9]*(k|M|G|T|Ki|Mi|Gi|Ti)$")] = None
    """An empty folder for each run, of this size at most, such as 2Gi."""
    read_only: bool = False
    """The claim is mounted read-only, then also into the proof: for caches that only you fill. Without it the proof
    finds an empty folder at path."""


class Workbench(Wire):
    """The toolchain the agent builds and tests with, and in which the result is proved."""

    image: NonEmpty
    """Any image with a POSIX shell and the project's toolchain. Never `latest`."""
    setup: list[NonEmpty] = []
    """Shell commands run once before the first command, and again before the proof."""
    verify: list[NonEmpty] = []
    """Shell commands that prove the result, in this order; the first that fails is the verdict. Empty: told from the
    build files in the work folder of the commit that work starts from, as is setup if that is empty too."""
    command_timeout_seconds: Seconds = 600
    """A command of the agent is ended after so many seconds."""
    env: dict[str, str] = {}
    """Environment of the workbench and of the proof. Never a secret."""
    resources: Resources = Resources()
    """Of the workbench and of the proof."""
    services: Annotated[
        list[Service],
        Field(
            max_length=8,
            json_schema_extra=rules(
                ("self.all(one, self.exists_one(other, other.name == one.name))", "the services' names must differ"),
            ),
        ),
    ] = []
    """Servers that run beside the workbench and the proof, in this order. The proof finds them as the workbench left
    them, with whatever the model's commands wrote."""
    caches: Annotated[
        list[Cache],
        Field(
            max_length=8,
            json_schema_extra=rules(
                ("self.all(one, self.exists_one(other, other.path == one.path))", "the caches' paths must differ"),
            ),
        ),
    ] = []
    """Folders that are volumes."""


class Limits(Wire):
    """What a run, and the pool, may use."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 1
    """Runs of this pool at work at the same time."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Attempts a ticket; a try that failed for its infrastructure or configuration spends none."""
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    """Tries an attempt when the infrastructure fails."""
    retry_seconds: Seconds = 30
    """Wait before the second try; doubled for each further one, at most an hour."""
    deadline_seconds: Seconds = 3600
    """A try is ended after so many seconds."""
    steps: Annotated[int, Field(ge=1, le=1000)] = 60
    """Answers of the large model a run."""
    tokens: Annotated[int, Field(ge=1000)] = 2_000_000
    """Prompt and completion tokens a run, both models together."""
    money: Money | None = None
    """US dollars a run; absent: not limited."""
    model_patience_seconds: Seconds = 300
    """How long a model server that fails or refuses for its load is asked again."""


class OnRed(StrEnum):
    """What becomes of a change whose verify commands failed."""

    DRAFT = "Draft"
    NOTHING = "Nothing"


class OnLimit(StrEnum):
    """What becomes of work that a limit ended: time, money, tokens or steps."""

    DRAFT = "Draft"
    NOTHING = "Nothing"


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
                "spec.forge is required with spec.board: a ticket ends in a pull request",
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
    limits: Limits = Limits()
    """What a run may use."""
    policy: Policy = Policy()
    """What the pool's owners decided."""
    certificates: CertificateBundle | None = None
    """Own certificate authorities; absent: what the images bring."""


class Condition(Wire):
    """One aspect of an object's state, after the Kubernetes API conventions."""

    type: NonEmpty
    """Which aspect."""
    status: Annotated[str, Field(json_schema_extra={"enum": ["True", "False", "Unknown"]})]
    """True, False or Unknown."""
    reason: NonEmpty
    """One CamelCase word, for programs."""
    message: str = ""
    """One sentence, for people."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the status last changed."""
    observed_generation: int | None = None
    """The generation of the spec this was seen with."""


class CodingAgentStatus(Wire):
    """What the operator knows of a pool."""

    observed_generation: int | None = None
    """The generation of the spec that was last looked at."""
    conditions: list[Condition] = []
    """`Ready`: whether tickets are taken, and if not, why and what to do."""
    working: int = 0
    """Runs at work."""
    queued: int = 0
    """Runs that wait."""
    last_poll_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When the board was last read in full."""

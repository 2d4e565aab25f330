"""What a run's pod is told: one JSON document in an annotation, read through a downward-API volume."""

from __future__ import annotations

from decimal import Decimal

from boardhand_api.base import NonEmpty, Tolerant
from boardhand_api.fingerprints import Fingerprints
from boardhand_api.mcp_servers import McpServer
from boardhand_api.model import Model
from boardhand_api.policy import CHANGE_BYTES, CHANGE_FILES, FILE_BYTES, PROTECTED, OnLimit
from boardhand_api.result import TERMINATION_BYTES
from boardhand_api.run import Earlier, Plan, Task
from boardhand_api.ticket import Ticket, TicketComment

ORDER_VERSION = 1


class OrderLimits(Tolerant):
    """What the agent stops itself at."""

    steps: int
    tokens: int
    money: Decimal | None = None
    deadline_seconds: int
    command_timeout_seconds: int
    model_patience_seconds: int


class Order(Tolerant):
    """Ticket + repository + model: all a runner needs. Holds no secret."""

    version: int = ORDER_VERSION
    run: NonEmpty
    """The TicketRun's name."""
    task: Task
    attempt: int = 1
    ticket: Ticket
    newer: list[TicketComment] = []
    """What was said on the ticket since it was read for an earlier attempt, oldest first."""
    earlier: list[Earlier] = []
    """The ticket's last attempts before this one, the newest last."""
    plan: Plan | None = None
    """The plan that a person approved for it."""
    repository: NonEmpty
    """Clone address."""
    base_branch: NonEmpty
    branch: NonEmpty
    """Where to push: always below boardhand/."""
    push_to: NonEmpty | None = None
    """Clone address to push to, where that is another one."""
    large: Model
    small: Model
    workdir: str = ""
    """The folder commands start in, from the repository's root."""
    sparse: list[str] = []
    """Only these folders are in the work tree; empty: everything."""
    submodules: bool = False
    """Whether the files of submodules are there, in the work tree and in the proof."""
    setup: list[str] = []
    verify: list[str] = []
    """Empty: checkout tells it from the repository, see `pod.COMMANDS`."""
    limits: OrderLimits
    require_tests: bool = True
    tests_must_fail_on_base: bool = False
    on_limit: OnLimit = OnLimit.DRAFT
    """Whether what is there at a limit is handed over."""
    mcp_servers: list[McpServer] = []
    """Their secrets are mounted, see `pod.MCP_SECRET_PREFIX`."""
    message_bytes: int = TERMINATION_BYTES
    """So long a stage's termination message may be: a pod's containers share what the kubelet keeps."""
    persistent: bool = False
    """Whether work, git and `pod.STATE` outlive the pod, so that a later try goes on where an earlier one was."""
    protected_paths: list[str] = list(PROTECTED)
    """Not to be pushed, see `Policy`."""
    allow_protected: list[str] = []
    change_bytes: int = CHANGE_BYTES
    change_files: int = CHANGE_FILES
    file_bytes: int = FILE_BYTES
    fingerprints: Fingerprints = Fingerprints()
    """Of the pool's secrets: publish finds them by these, and no stage can tell them from these."""

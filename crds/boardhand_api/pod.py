"""The pod is the pipeline: names of its stages, and where each finds its things.

The operator builds pods from this, the runner's stages read it, and tests hold both to it.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath


class Stage(StrEnum):
    """A container of the pod, in order."""

    CHECKOUT = "checkout"
    WORKBENCH = "workbench"
    AGENT = "agent"
    PUBLISH = "publish"
    VERIFY = "verify"


ROOT = PurePosixPath("/boardhand")
WORK = ROOT / "work"
"""The work tree."""
GIT = ROOT / "git"
"""Volume of the git directory, apart from the work tree; read-only in the workbench."""
GIT_DIR = GIT / "repository"
GIT_POINTER = GIT / "pointer"
"""The one-line `.git` file; mounted read-only over WORK/.git in the workbench."""
EXEC = ROOT / "exec"
"""Commands for the workbench and their output. Hostile by assumption."""
SERVE = ROOT / "serve"
"""The workbench's server script, and the mark that the run is closed; read-only in the workbench."""
SERVE_SCRIPT = SERVE / "workbench.sh"
SERVE_CLOSED = SERVE / "closed"
PROOF = ROOT / "proof"
"""A clean export of the pushed commit; empty where there was nothing to push."""
STATE = ROOT / "state"
"""What the next pod of the run goes on from: the graph's checkpoint and what is used so far. Only where the order is
persistent; only checkout and agent see it."""
ORDER = ROOT / "order" / "order.json"
SECRETS = ROOT / "secrets"
"""Each secret is a folder of files below: git, model-large, model-small, the two models' fallbacks, and
one for each MCP server."""
GIT_SECRET = SECRETS / "git"
LARGE_SECRET = SECRETS / "model-large"
SMALL_SECRET = SECRETS / "model-small"
FALLBACK_SUFFIX = "-fallback"
"""Stands behind the name of a model's secret folder for that of its fallback."""
MCP_SECRET_PREFIX = "mcp-"  # noqa: S105 (a folder's name)
"""Before an MCP server's name: its secret folder. Only the agent stage has it."""
HOME = ROOT / "home"
"""Scratch space, a stage's own; also TMPDIR."""
CERTIFICATES = ROOT / "certificates" / "ca.crt"
TRUST_STORE = SERVE / "cacerts.p12"
"""The same authorities for Java, which reads no PEM; made by checkout."""
TRUST_STORE_PASSWORD = "changeit"  # noqa: S105 (Java's own default; the store holds nothing secret)
MESSAGE_BYTES = "BOARDHAND_MESSAGE_BYTES"
"""The variable that tells the verify script how long its termination message may be."""
PROCESSES = "BOARDHAND_PROCESSES"
"""The variable that tells the scripts of workbench and proof how many processes there may be before a command of theirs
can start no more."""
VERIFY_SCRIPT = "verify.sh"
"""Beside the server script on the SERVE volume, from where verify runs it."""
COMMANDS = SERVE / "commands.json"
"""Set-up and verify commands as told from the repository; made by checkout where the order gives no verify command."""
COMMANDS_SCRIPT = "commands.sh"
"""The same beside VERIFY_SCRIPT, which takes them from there when it is given none."""
SERVICE_PREFIX = "service-"
"""Before a service's name: its container's."""
TERMINATION_LOG = PurePosixPath("/dev/termination-log")

USER = 10001
"""Every stage runs as this user and group."""

BRANCH_PREFIX = "boardhand/"

ORDER_ANNOTATION = "boardhand.dev/order"
ORDER_BYTES = 220_000
"""All annotations of an object together may have 256 KiB."""
LABEL_POOL = "boardhand.dev/pool"
LABEL_RUN = "boardhand.dev/run"
LABEL_TICKET = "boardhand.dev/ticket"
LABEL_SETTLED = "boardhand.dev/settled"
"""Put on a TicketRun, its Jobs and Pods when nothing is left to do for them; watches leave them out on the server,
so that what is retained costs nothing. Its absence, not a label, marks work: a run written by hand has no labels."""
LABEL_NUDGED = "boardhand.dev/nudged"
"""On a Job: when its controller was last made to look at it, in seconds since 1970."""
LABEL_PULL_REQUEST = "boardhand.dev/pull-request"
OPEN = "open"
"""Its value on a settled TicketRun whose pull request is looked after; taken away once it is merged."""
CLOSED = "closed"
"""Its value where that was closed without a merge: it may be opened again."""
LABEL_NOTIFY = "boardhand.dev/notify"
PENDING = "pending"
"""Its value on a settled TicketRun of which the pool's notifications are still to be told."""

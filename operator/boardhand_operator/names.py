"""Names that follow from what they name, so that doing a thing twice collides instead of doubling it."""

from __future__ import annotations

import hashlib
import json
import re

from boardhand_api.pod import BRANCH_PREFIX
from boardhand_api.ticket import Ticket


def _digest(*parts: str, length: int = 12) -> str:
    # As JSON, so that no two lists of parts read the same when they run together.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:length]


def slug(text: str, length: int) -> str:
    """Lower-case ASCII letters and digits joined by '-', at most `length`, perhaps empty."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:length].strip("-")


def run_name(board_type: str, board: str, ticket: str, event: str, key: str) -> str:
    """A TicketRun's name: the same for the same board event, whoever computes it.

    It does not hold the pool, so two pools on one column in a namespace cannot both take a ticket.
    """
    readable = "-".join(part for part in (slug(board_type, 12), slug(key, 16)) if part)
    return f"{readable}-{_digest(board_type, board, ticket, event)}"


def ticket_label(board_type: str, board: str, ticket: str) -> str:
    """Label value by which all runs of a ticket are found."""
    return _digest(board_type, board, ticket, length=24)


RETRY_EVENT = "boardhand.dev/retry:"
"""Before who asked: the event of a run that somebody asked for at the API server. No board has such an event."""


def next_name(run: str, attempt: int) -> str:
    """The TicketRun that begins this attempt after that run: the same whoever asks for it, and however often."""
    return f"{re.sub(r'-[0-9a-f]{12}$', '', run)[:200].rstrip('-.')}-{_digest('retry', run, str(attempt))}"


def retry_event(run: str, attempt: int, who: str) -> str:
    """What takes the place of a board's event for that TicketRun, and says who asked."""
    return f"{RETRY_EVENT}{re.sub(r'[^A-Za-z0-9_.@:+-]', '-', who)[:120]}/{_digest('retry', run, str(attempt))}"


def asked_for(event: str | None) -> bool:
    """Whether somebody asked for the run at the API server, rather than by moving the ticket."""
    return event is not None and event.startswith(RETRY_EVENT)


def who_asked(event: str) -> str:
    """Who that was; empty where nobody did."""
    return event.removeprefix(RETRY_EVENT).rpartition("/")[0] if asked_for(event) else ""


def label_value(name: str) -> str:
    """An object's name as a label's value: at most 63 characters, still unique."""
    return name if len(name) <= 63 else f"{name[:50].rstrip('-.')}-{_digest(name)}"


def job_name(run: str, number: int) -> str:
    """The Job of a run's try `number`, at most 63 characters; the pod's name adds to it."""
    suffix = f"-{number}"
    if len(run) + len(suffix) <= 57:
        return run + suffix
    return f"{run[:40].rstrip('-.')}-{_digest(run)}{suffix}"


def git_secret_name(run: str) -> str:
    """The Secret with the tokens that were minted for a run's stages."""
    return _beside(run, "-git")


def sealed_secret_name(run: str) -> str:
    """The Secret with what was sealed in the pool for a run's stages."""
    return _beside(run, "-sealed")


def _beside(run: str, suffix: str) -> str:
    return run + suffix if len(run) + len(suffix) <= 253 else f"{run[:220].rstrip('-.')}-{_digest(run)}{suffix}"


def branch_name(ticket: Ticket, attempt: int) -> str:
    """Where a run pushes: below boardhand/, the ticket's key and title, from the second attempt on its number."""
    key = slug(ticket.key or ticket.id, 40) or _digest(ticket.id)
    parts = [key, slug(ticket.title, 40), "" if attempt == 1 else str(attempt)]
    return BRANCH_PREFIX + "-".join(part for part in parts if part)

"""Pure: rows of the history as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

from boardhand_history.models import PastRun

COLUMNS = (
    *("namespace", "pool", "name", "board", "ticket_key", "ticket_title", "ticket_url", "task", "attempt", "tries"),
    *("phase", "failure_class", "failure_reason", "failure_message", "passed", "tests_ran", "tests_failed"),
    *("specialist", "branch", "commit", "pull_request_url", "pull_request_number", "pull_request_state", "merged_at"),
    *("money", "prompt_tokens", "cached_tokens", "completion_tokens", "seconds"),
    *("created_at", "started_at", "finished_at", "uid"),
)
"""Of a run, in this order."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also the wide forms of the first four, which spreadsheets in Japan take for the same."""


async def sheet(rows: AsyncIterator[PastRun]) -> AsyncIterator[str]:
    """Lines of the file, its heading first."""
    yield _line(COLUMNS)
    async for row in rows:
        yield _line(tuple(cell(getattr(row, name)) for name in COLUMNS))


def cell(value: object) -> str:
    """A value as text. What a spreadsheet would take for a formula begins with an apostrophe."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case int() | float() | Decimal():
            return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()

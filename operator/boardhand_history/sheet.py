"""Rows of the history as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime

COLUMNS = (
    *("namespace", "pool", "name", "board", "ticket_key", "ticket_title", "ticket_url", "task", "attempt", "tries"),
    *("phase", "failure_class", "failure_reason", "failure_message", "passed", "tests_ran", "tests_failed"),
    *("specialist", "branch", "commit", "pull_request_url", "pull_request_number", "pull_request_state", "merged_at"),
    *("money", "prompt_tokens", "cached_tokens", "completion_tokens", "seconds"),
    *("created_at", "started_at", "finished_at", "uid"),
)
"""Of a run, in this order."""
_FORMULAS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""Also the wide forms of the first four, which spreadsheets in Japan take for the same."""
_LINES = 200
"""So many lines are made before others get a turn."""


async def sheet(pages: AsyncIterator[Sequence[Sequence[object]]]) -> AsyncIterator[str]:
    """The file in pieces of some lines, its heading first. pages: rows of COLUMNS."""
    yield _lines([COLUMNS])
    async for rows in pages:
        for first in range(0, len(rows), _LINES):
            yield _lines([tuple(map(cell, row)) for row in rows[first : first + _LINES]])
            await asyncio.sleep(0)


def cell(value: object) -> str:
    """A value as text. What a spreadsheet would take for a formula begins with an apostrophe."""
    match value:
        case str():
            return f"'{value}" if value[:1] in _FORMULAS else value
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()

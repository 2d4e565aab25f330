"""Pure: queries in Jira's language.

Source: https://support.atlassian.com/jira-software-cloud/docs/jql-fields/ : a date has the precision of a minute and is
in the time zone of who asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WIDEST = timedelta(hours=12)
"""Nowhere is the time of day behind that of Greenwich by more."""


def quoted(text: str) -> str:
    """The text as one word of a query."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_columns(project: str, statuses: Iterable[str], extra: str = "") -> str:
    """The issues of a project in these statuses (ids); extra: another clause that takes more of the project's."""
    clause = f"status in ({', '.join(statuses)})"
    return _ordered(project, f"({clause} OR {extra})" if extra else clause)


def filtered(project: str, ready: Iterable[str], condition: str, others: Iterable[str]) -> str:
    """As `in_columns`, of the ready statuses only what the condition lets through."""
    clause = f"(status in ({', '.join(ready)}) AND ({condition}))"
    rest = ", ".join(others)
    return _ordered(project, f"({clause} OR status in ({rest}))" if rest else clause)


def changed(project: str, clause: str) -> str:
    """The issues of a project that a clause takes."""
    return _ordered(project, clause)


def since(moment: datetime, zone: str) -> str:
    """The clause for what changed since then, or somewhat before: never later, whatever the zone's clocks do."""
    return f"updated >= {quoted(_local(moment, zone).strftime('%Y-%m-%d %H:%M'))}"


def _local(moment: datetime, zone: str) -> datetime:
    try:
        there = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        # Early enough wherever the account says it is.
        return moment.astimezone(UTC).replace(tzinfo=None) - WIDEST
    first, second = (there.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # Where clocks are put back an hour comes twice, and it is not told which is meant.
    return there.replace(tzinfo=None) - abs(first - second)


def _ordered(project: str, clause: str) -> str:
    return f"project = {quoted(project)} AND {clause} ORDER BY key ASC"

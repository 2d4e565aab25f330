"""Times in statements, as each database tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Date, cast, extract, func, literal_column
from sqlalchemy.orm import InstrumentedAttribute

from boardhand_history.reports import Grain

Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
_SQLITE = {Grain.DAY: (), Grain.WEEK: ("'-6 days'", "'weekday 1'"), Grain.MONTH: ("'start of month'",)}
"""What its `date` is told; `weekday 1` is the next Monday or the day itself (https://www.sqlite.org/lang_datefunc.html)."""


def beginning(dialect: str, grain: Grain, at: Moment) -> ColumnElement[Any]:
    """The first day, UTC, of the period that this time is in."""
    if dialect == "sqlite":
        # Of the text alone: its functions take the last half millisecond of a day for the next one.
        return func.date(func.substr(at, 1, 10), *map(literal_column, _SQLITE[grain]), type_=Date)
    return cast(func.date_trunc(literal_column(f"'{grain.value}'"), at), Date)


def elapsed(dialect: str, since: Moment, until: Moment) -> ColumnElement[Any]:
    """Whole seconds from one time to another, at least 0."""
    seconds = _epoch(dialect, until) - _epoch(dialect, since)
    return func.max(0, seconds) if dialect == "sqlite" else func.greatest(0, seconds)


def together(dialect: str, values: ColumnElement[Any]) -> ColumnElement[Any]:
    """All values of a group as one, a list: a row for each takes most of a statement's time."""
    return func.json_group_array(values, type_=JSON) if dialect == "sqlite" else func.json_agg(values, type_=JSON)


def _epoch(dialect: str, at: Moment) -> ColumnElement[Any]:
    seconds = func.strftime("%s", func.substr(at, 1, 19)) if dialect == "sqlite" else func.floor(extract("epoch", at))
    return cast(seconds, BigInteger)

"""Figures as people read them: filters of the templates. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from boardhand_client import sentences

NOTHING = "–"
_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def money(dollars: Decimal | float | str | None) -> str:
    """US dollars, to the cent; less than one that is not nothing says so."""
    if dollars is None:
        return NOTHING
    amount = Decimal(str(dollars))
    if 0 < amount < Decimal("0.01"):
        return "< $0.01"
    return f"${amount:,.2f}"


def duration(seconds: float | None) -> str:
    """In the two largest units, such as `2 h 5 min`."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole < 1:
        return "< 1 s"
    first = next(at for at, (size, _) in enumerate(_STEPS) if whole >= size)
    said = []
    for size, unit in _STEPS[first : first + 2]:
        count, whole = divmod(whole, size)
        said += [f"{count} {unit}"] if count else []
    return " ".join(said)


def share(part: float | None) -> str:
    """A share between 0 and 1 in per cent."""
    return NOTHING if part is None else f"{part * 100:.0f} %"


def moment(said: str | datetime | None) -> str:
    """A point in time, UTC, to the minute."""
    at = parsed(said)
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def ago(said: str | datetime | None, now: datetime | None = None) -> str:
    """How long it is ago."""
    at = parsed(said)
    if at is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    return "just now" if seconds < 2 else f"{duration(seconds)} ago"


def parsed(said: str | datetime | None) -> datetime | None:
    """A time as Kubernetes writes it; None for what is none, since others write it as well."""
    if said is None or isinstance(said, datetime):
        return said
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def plural(count: int, one: str, many: str = "") -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "duration": duration,
    "share": share,
    "moment": moment,
    "ago": ago,
    "plural": plural,
    "phase_sentence": sentences.phase,
}

"""The tables. `migrations/` makes them; a test holds both to each other."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, LargeBinary, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from boardhand_history.columns import Dollars, Moment


class Base(DeclarativeBase):
    """Constraints have names, by which later migrations find them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: String, int: BigInteger, datetime: Moment, Decimal: Dollars, dict[str, Any]: JSON}


_AGAIN = text("attempt > 1")


class PastRun(Base):
    """A finished run. Slim, since searches read all of them; what is long lies in the other tables."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "finished_at", "uid"),
        Index(None, "namespace", "finished_at", "uid"),
        Index(None, "namespace", "pool", "finished_at", "uid"),
        Index(None, "namespace", "merged_at"),
        Index(None, "namespace", "pull_request_url", "finished_at", "uid"),
        Index(None, "namespace", "pool", "ticket_id", sqlite_where=_AGAIN, postgresql_where=_AGAIN),
    )

    uid: Mapped[str] = mapped_column(primary_key=True)
    """Of the TicketRun: what is recorded twice is one row."""
    version: Mapped[str]
    """The resourceVersion that was recorded."""
    namespace: Mapped[str]
    name: Mapped[str]
    pool: Mapped[str]
    board: Mapped[str]
    """The type of the pool's board; empty for a run written by hand, or where the pool was gone."""
    ticket_id: Mapped[str]
    ticket_key: Mapped[str]
    ticket_title: Mapped[str]
    ticket_url: Mapped[str]
    task: Mapped[str]
    attempt: Mapped[int]
    tries: Mapped[int]
    phase: Mapped[str]
    """Succeeded, Failed or Cancelled."""
    failure_class: Mapped[str | None]
    failure_reason: Mapped[str | None]
    failure_message: Mapped[str | None]
    passed: Mapped[bool | None]
    """The verdict; absent where nothing was to be proved."""
    tests_ran: Mapped[int | None]
    tests_failed: Mapped[int | None]
    specialist: Mapped[str | None]
    branch: Mapped[str | None]
    commit: Mapped[str | None]
    pull_request_url: Mapped[str | None]
    pull_request_number: Mapped[int | None]
    pull_request_state: Mapped[str | None]
    """Open, Merged or Closed."""
    pull_request_head: Mapped[str | None]
    """Its last commit; another than `commit` where somebody added to it."""
    merged_at: Mapped[datetime | None]
    money: Mapped[Decimal | None]
    """US dollars; absent where a model's price is not known."""
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    seconds: Mapped[float] = mapped_column(Double)
    """Of the agent stage, all tries together."""
    created_at: Mapped[datetime]
    """When the ticket was taken."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime]
    words: Mapped[str]
    """What is searched, in small letters."""


class PastDetail(Base):
    """What only a run's own page shows."""

    __tablename__ = "details"

    uid: Mapped[str] = mapped_column(ForeignKey("runs.uid", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str]
    """Of the pull request."""
    summary: Mapped[str]
    """As the model wrote it."""
    said: Mapped[dict[str, Any]]
    """`verdict`, `evidence` and `stages` of the status, as they were."""


class Kind(StrEnum):
    """The texts of a run."""

    TRANSCRIPT = "transcript"
    DIFF = "diff"


class Kept(StrEnum):
    """What there is of a text."""

    WHOLE = "whole"
    CUT = "cut"
    """Its beginning: the rest was too long."""
    NONE = "none"
    """There was none to read: the stage never ran, or pushed nothing."""
    GONE = "gone"
    """Its pod was gone, or its node did not answer."""


class PastText(Base):
    """A transcript or a diff."""

    __tablename__ = "texts"

    uid: Mapped[str] = mapped_column(ForeignKey("runs.uid", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    kept: Mapped[str]
    size: Mapped[int]
    """Bytes of the text as UTF-8."""
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The text, compressed (zlib)."""

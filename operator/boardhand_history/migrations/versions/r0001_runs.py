"""Runs, their details, their texts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_TEXTS = (
    "version namespace name pool board ticket_id ticket_key ticket_title ticket_url task phase words"
    "|failure_class failure_reason failure_message specialist branch commit"
    " pull_request_url pull_request_state pull_request_head"
)
_NUMBERS = (
    "attempt tries prompt_tokens cached_tokens completion_tokens|tests_ran tests_failed pull_request_number money"
)
_TIMES = "created_at finished_at|merged_at started_at"

_INDEXES = (
    ["finished_at", "uid"],
    ["namespace", "finished_at", "uid"],
    ["namespace", "pool", "finished_at", "uid"],
    ["namespace", "merged_at"],
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("uid", sa.String(), nullable=False),
        *_columns(_TEXTS, sa.String()),
        *_columns(_NUMBERS, sa.BigInteger()),
        *_columns(_TIMES, sa.DateTime(timezone=True)),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_runs"),
    )
    for columns in _INDEXES:
        op.create_index("_".join(["ix_runs", *columns]), "runs", columns)
    op.create_table(
        "details",
        sa.Column("uid", sa.String(), nullable=False),
        *_columns("title summary|", sa.String()),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_details"),
        sa.ForeignKeyConstraint(["uid"], ["runs.uid"], name="fk_details_uid", ondelete="CASCADE"),
    )
    op.create_table(
        "texts",
        sa.Column("uid", sa.String(), nullable=False),
        *_columns("kind kept|", sa.String()),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("uid", "kind", name="pk_texts"),
        sa.ForeignKeyConstraint(["uid"], ["runs.uid"], name="fk_texts_uid", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take them away, with all that is in them."""
    for table in ("texts", "details", "runs"):
        op.drop_table(table)


def _columns(names: str, of: sa.types.TypeEngine[Any]) -> list[sa.Column[Any]]:
    """Columns by name: those before the bar are never null."""
    required, optional = (part.split() for part in names.split("|"))
    return [sa.Column(name, of, nullable=name in optional) for name in (*required, *optional)]

"""Indexes by which a report is counted: the runs of a pull request, and tickets that had another attempt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_PULL = ["namespace", "pull_request_url", "finished_at", "uid"]
_AGAIN = ["namespace", "pool", "ticket_id"]


def upgrade() -> None:
    """Make them."""
    again = sa.text("attempt > 1")
    op.create_index(_name(_PULL), "runs", _PULL)
    op.create_index(_name(_AGAIN), "runs", _AGAIN, sqlite_where=again, postgresql_where=again)


def downgrade() -> None:
    """Take them away."""
    for columns in (_PULL, _AGAIN):
        op.drop_index(_name(columns), "runs")


def _name(columns: list[str]) -> str:
    return "_".join(["ix_runs", *columns])

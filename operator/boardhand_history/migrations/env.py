"""Alembic's entry: the connection, and its transaction, come from `boardhand_history.schema`."""

from __future__ import annotations

from alembic import context

from boardhand_history.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

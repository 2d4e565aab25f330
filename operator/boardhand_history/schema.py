"""The tables' version: the recorder brings it up to date at its start, pages only look at it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from boardhand_history.errors import Unreachable, WrongSchema, answering

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x426F617264  # an advisory lock's number: any will do that nobody else takes


def config(connection: Connection, migrations: Path = MIGRATIONS) -> Config:
    """Alembic's, for this connection."""
    made = Config()
    made.set_main_option("script_location", str(migrations))
    made.attributes["connection"] = connection
    return made


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the tables to this version's, all or nothing; one of several recorders does it, the others wait.

    Raises WrongSchema where a newer version made them, Unreachable where the database is down.
    """
    with answering():
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    # SQLite's lock is its BEGIN IMMEDIATE.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    settings = config(connection)
    if (present := _present(connection)) is not None:
        _known(settings, present)
    command.upgrade(settings, "head")


async def check(engine: AsyncEngine, migrations: Path = MIGRATIONS) -> None:
    """Raises WrongSchema, in a sentence for people, where the tables are not this version's; Unreachable."""
    with answering():
        async with engine.connect() as connection:
            await connection.run_sync(_check, migrations)


def _check(connection: Connection, migrations: Path) -> None:
    settings, present = config(connection, migrations), _present(connection)
    if present is None:
        raise Unreachable("the history's tables are not there yet: the recorder makes them when it starts")
    _known(settings, present)
    head = ScriptDirectory.from_config(settings).get_current_head()
    if present != head:
        raise WrongSchema(
            f"the history's tables are older ({present}) than this version reads ({head}): "
            "start the recorder of the same version, which brings them up to date"
        )


def _present(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known(settings: Config, present: str) -> None:
    """Raises WrongSchema for a revision that this version does not have."""
    scripts = ScriptDirectory.from_config(settings)
    if present not in {script.revision for script in scripts.walk_revisions()}:
        raise WrongSchema(
            f"the history's tables are newer ({present}) than this version knows ({scripts.get_current_head()}): "
            "run the version of Boardhand that made them, or a later one"
        )

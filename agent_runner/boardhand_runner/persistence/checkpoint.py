"""The graph's state after its last finished node, in SQLite on the run's volume. Imported only where it is wanted."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import BaseModel

from boardhand_api.evidence import Evidence, Finding, Names
from boardhand_api.result import TestCounts, Usage
from boardhand_runner.context import Window
from boardhand_runner.evidence.compare import Measured
from boardhand_runner.evidence.reports import TestReport
from boardhand_runner.history import Call, Outcome, Turn
from boardhand_runner.settings import Settings
from boardhand_runner.state import Check, State

FILE = "checkpoint.sqlite"
ALLOWED: tuple[type, ...] = (
    Check, Measured, TestReport, TestCounts, Usage, Window, Turn, Call, Outcome, Evidence, Names, Finding,
)  # fmt: skip
"""What is made from a checkpoint beside messages and plain values; anything else in it stays data."""


class Unreadable(Exception):
    """The checkpoint is damaged, or another version of the runner wrote it."""


class Latest(AsyncSqliteSaver):
    """Keeps the newest checkpoint of a thread only: each holds the whole conversation."""

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        placed = await super().aput(config, checkpoint, metadata, new_versions)
        older = (str(config["configurable"]["thread_id"]), checkpoint["id"])
        async with self.lock:
            await self.conn.execute("DELETE FROM checkpoints WHERE thread_id = ? AND checkpoint_id < ?", older)
            await self.conn.execute("DELETE FROM writes WHERE thread_id = ? AND checkpoint_id < ?", older)
            await self.conn.commit()
        return placed


def thread(run: str) -> RunnableConfig:
    """The run's thread: it is called as the run is."""
    return {"configurable": {"thread_id": run}}


@asynccontextmanager
async def opened(settings: Settings, run: str) -> AsyncIterator[Latest]:
    """The run's checkpoints. Raises Unreadable."""
    async with aiosqlite.connect(settings.state / FILE) as connection:
        saver = Latest(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=ALLOWED))
        try:
            # Before anything is read: else the file's index is shared memory, which a network volume may not have.
            await connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            await _demand_format(connection)
            await saver.aget_tuple(thread(run))
        except (sqlite3.Error, ValueError, NotImplementedError) as error:
            raise Unreadable(f"The checkpoint cannot be read: {error}.") from error
        yield saver


def forget(settings: Settings) -> None:
    """Remove the checkpoint."""
    for file in settings.state.glob(f"{FILE}*"):
        file.unlink()


async def _demand_format(connection: aiosqlite.Connection) -> None:
    """Whole, and of this version; an empty file is made so."""
    found, sound = await _one(connection, "PRAGMA user_version"), await _one(connection, "PRAGMA quick_check")
    if sound != "ok":
        raise Unreadable(f"The checkpoint is damaged: {sound}.")
    if found not in (0, FORMAT):
        raise Unreadable("Another version of the runner wrote the checkpoint.")
    await connection.execute(f"PRAGMA user_version = {FORMAT}")
    await connection.commit()


async def _one(connection: aiosqlite.Connection, question: str) -> Any:
    async with connection.execute(question) as rows:
        row = await rows.fetchone()
    return row[0] if row else None


def _format() -> int:
    """A number that changes with whatever decides how a checkpoint reads; SQLite keeps 31 bits of it."""
    parts = [version("langgraph"), version("langgraph-checkpoint"), repr(sorted(State.__annotations__.items()))]
    parts += [f"{kind.__module__}.{kind.__qualname__} {_fields(kind)}" for kind in ALLOWED]
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:4]) >> 1 or 1


def _fields(kind: type) -> list[str]:
    if is_dataclass(kind):
        return [f"{field.name}: {field.type}" for field in fields(kind)]
    if issubclass(kind, BaseModel):
        return [f"{name}: {field.annotation}" for name, field in kind.model_fields.items()]
    return [str(member) for member in kind] if issubclass(kind, Outcome) else []


FORMAT = _format()

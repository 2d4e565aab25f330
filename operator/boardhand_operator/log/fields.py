"""What a log line is about: fields that hold for a task, from where they are set, and for the tasks it makes."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_FIELDS: ContextVar[Mapping[str, str]] = ContextVar("fields", default=MappingProxyType({}))


def about(**fields: str) -> None:
    """From here on this task's log lines have these fields, such as run, pool, ticket and namespace."""
    _FIELDS.set({**_FIELDS.get(), **fields})


def about_run(body: Mapping[str, Any]) -> None:
    """The fields of a TicketRun."""
    spec, meta = body["spec"], body["metadata"]
    ticket = spec.get("ticket") or {}
    about(
        namespace=str(meta["namespace"]),
        run=str(meta["name"]),
        pool=str(spec.get("pool") or ""),
        ticket=str(ticket.get("key") or ticket.get("id") or ""),
    )


def fields() -> Mapping[str, str]:
    """Those of the present task that are not empty."""
    return {name: text for name, text in _FIELDS.get().items() if text}

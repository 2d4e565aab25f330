"""The operator's log as JSON: one event, one line, with what it is about as fields. Only imported where asked for."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from boardhand_operator.log.fields import fields

_KINDS = {"CodingAgent": "pool", "TicketRun": "run"}


class JsonLine(JsonFormatter):
    """time (RFC 3339, UTC), level, logger, message; namespace, pool, run, ticket where they are known; error.

    All but ASCII is escaped, so a line ends nowhere but at its end, and steers no terminal.
    """

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """See `JsonFormatter.add_fields`: nothing else that a library adds to its records gets in."""
        moment = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log_data |= {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        log_data |= {**_object(record), **fields()}
        if error := message_dict.get("exc_info"):
            log_data["error"] = error


def _object(record: logging.LogRecord) -> dict[str, str]:
    """What kopf says that its record is about."""
    reference = getattr(record, "k8s_ref", None) or {}
    kind = _KINDS.get(str(reference.get("kind")))
    if kind is None:
        return {}
    return {"namespace": str(reference.get("namespace")), kind: str(reference.get("name"))}

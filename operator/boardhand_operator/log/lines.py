"""The operator's log, one record a line: what boards and stages say in it cannot look like a record of its own.

Levels: an error is what somebody must look at; a warning what the operator waits out or does without; info what it did.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping

from aiohttp.http_exceptions import HttpProcessingError

FORMATS = ("text", "json")
_CHATTY = ("alembic", "httpx", "aiohttp.access", "kopf.activities", "kopf.objects")
_AGAIN = ("will retry", "will re-authenticate", "failed temporarily")
"""Words of what kopf tells as an error, and does again by itself."""

_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


def set_up(level: str, form: str) -> None:
    """Log in this form, text or json, to standard error. Raises ValueError for a level or a form that there is not."""
    if form not in FORMATS:
        raise ValueError(f"BOARDHAND_LOG_FORMAT={form!r}: give {' or '.join(FORMATS)}")
    logging.basicConfig(level=level.upper())
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_formatter(form))
        handler.addFilter(waited_out)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def set_up_from(environment: Mapping[str, str]) -> None:
    """As BOARDHAND_LOG_LEVEL and BOARDHAND_LOG_FORMAT say. Raises ValueError as `set_up` does."""
    set_up(environment.get("BOARDHAND_LOG_LEVEL") or "INFO", environment.get("BOARDHAND_LOG_FORMAT") or "text")


def _formatter(form: str) -> logging.Formatter:
    if form == "text":
        return OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s")
    from boardhand_operator.log.json_lines import JsonLine

    return JsonLine()


def waited_out(record: logging.LogRecord) -> bool:
    """Makes a warning of what libraries call an error and nobody must look at: what is tried again, and what strangers
    send that is no HTTP. Every record passes."""
    if record.levelno != logging.ERROR:
        return True
    again = record.name.startswith("kopf") and any(words in record.getMessage() for words in _AGAIN)
    problem = record.exc_info[1] if record.exc_info else None
    if again or (record.name == "aiohttp.server" and isinstance(problem, HttpProcessingError)):
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True


class OneLine(logging.Formatter):
    """Writes what steers a terminal, or would begin a line, as the escape that Python has for it.

    The lines of a traceback, which come after the record, are set off by a bar.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.formatMessage`."""
        return escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """See `logging.Formatter.formatException`."""
        return "\n".join(f"| {escaped(line)}" for line in super().formatException(ei).split("\n"))  # type: ignore[arg-type]


def escaped(text: str) -> str:
    """The text with what steers a terminal, or would begin a line, as the escape that Python has for it."""
    return "".join(
        letter if letter == "\t" or unicodedata.category(letter) not in _STEERING else ascii(letter)[1:-1]
        for letter in text
    )

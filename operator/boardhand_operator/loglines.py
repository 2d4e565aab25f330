"""The operator's log, one record a line: what boards and stages say in it cannot look like a record of its own."""

from __future__ import annotations

import logging
import unicodedata

_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


class OneLine(logging.Formatter):
    """Writes what steers a terminal, or would begin a line, as the escape that Python has for it.

    The lines of a traceback, which come after the record, are set off by a bar.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.formatMessage`."""
        return _escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """See `logging.Formatter.formatException`."""
        return "\n".join(f"| {_escaped(line)}" for line in super().formatException(ei).split("\n"))  # type: ignore[arg-type]


def _escaped(text: str) -> str:
    return "".join(
        letter if letter == "\t" or unicodedata.category(letter) not in _STEERING else ascii(letter)[1:-1]
        for letter in text
    )

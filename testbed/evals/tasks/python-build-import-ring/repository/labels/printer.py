"""The label printer's commands."""

from __future__ import annotations

from labels.layout import Label

WIDTH = 24
"""Characters in a line."""
LINES = 6
"""Lines above the barcode."""


class Printer:
    """Collects what is sent to the device."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def put(self, label: Label) -> None:
        """Print a label. Raises ValueError where it has too many lines."""
        if len(label.lines) > LINES:
            raise ValueError(f"{len(label.lines)} lines: a label has room for {LINES}")
        for number, line in enumerate(label.lines):
            self.sent.append(f"T{number:02d}:{line:<{WIDTH}}")
        self.sent.append(f"B:{label.code}")
        self.sent.append("CUT"

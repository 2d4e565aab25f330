"""Where the parts of a label stand."""

from __future__ import annotations

from dataclasses import dataclass

from labels.barcode import bars
from labels.printer import WIDTH


@dataclass(frozen=True)
class Label:
    """Lines of text, none longer than the printer is wide, and the barcode below them."""

    lines: tuple[str, ...]
    code: str


def lay_out(address: str, parcel: str) -> Label:
    """The label for a parcel; long lines of the address are broken between words."""
    lines: list[str] = []
    for line in address.strip().splitlines():
        lines.extend(_broken(line.strip()))
    return Label(tuple(lines), bars(parcel))


def _broken(line: str) -> list[str]:
    broken = [""]
    for word in line.split():
        longer = f"{broken[-1]} {word}".strip()
        if len(longer) <= WIDTH:
            broken[-1] = longer
        else:
            broken.append(word[:WIDTH])
    return broken

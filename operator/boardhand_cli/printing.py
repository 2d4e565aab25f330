"""What goes to standard output: tables for people, JSON and YAML for programs. Without colour in a pipe.

What runs and logs say is shown as it is and never as markup, and without what steers a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from boardhand_api.run_status import Phase
from boardhand_client.rows import RunRow
from boardhand_operator.log.lines import escaped

_PIPED = 4000
"""Characters a line may have where nobody looks at columns."""
_COLOURS = {
    Phase.SUCCEEDED: "green",
    Phase.FAILED: "red",
    Phase.CANCELLED: "yellow",
    Phase.QUEUED: "dim",
}
_GIVES_WAY = frozenset({"NAMESPACE", "NAME", "POOL", "WHY", "TITLE", "BRANCH", "PULL REQUEST"})
Heads = Sequence[tuple[str, bool]]
"""A column's name, and whether its cells stand to the right."""


class Output(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"


def out() -> Console:
    """Standard output: as wide as the terminal, without bounds in a pipe."""
    piped = not sys.stdout.isatty()
    return Console(highlight=False, markup=False, emoji=False, width=_PIPED if piped else None)


def shown(text: object, style: str = "") -> Text:
    """Text of whatever origin."""
    return Text(escaped(str(text)), style)


def plain(text: object) -> str:
    """The same with its lines as they are, for standard error."""
    return "\n".join(map(escaped, str(text).split("\n")))


def objects(bodies: Sequence[Any], output: Output) -> None:
    """As the API server has them, in a List as kubectl prints one."""
    for body in bodies:
        body.setdefault("apiVersion", "boardhand.dev/v1alpha1")
        body["metadata"].pop("managedFields", None)
    document({"apiVersion": "v1", "kind": "List", "items": list(bodies)}, output)


def document(found: Any, output: Output) -> None:
    """One document, in characters that steer nothing."""
    if output is Output.JSON:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write(yaml.safe_dump(found, sort_keys=False, width=120))


def table(heads: Heads, rows: Iterable[Sequence[Text]]) -> Table:
    """Columns without lines, as kubectl's. On a narrow terminal those give way that can be long."""
    cells = list(rows)
    made = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for at, (head, right) in enumerate(heads):
        widest = max([len(head), *(row[at].cell_len for row in cells)])
        fixed = head not in _GIVES_WAY
        side: Literal["left", "right"] = "right" if right else "left"
        made.add_column(head, justify=side, no_wrap=fixed, min_width=widest if fixed else None)
    for row in cells:
        for cell in row:
            cell.no_wrap, cell.overflow = True, "ellipsis"
        made.add_row(*row)
    return made


def lines(heads: Heads, rows: Iterable[Sequence[Text]]) -> Iterator[str]:
    """The same for a pipe, where nothing gives way: Rich takes seconds for ten thousand rows."""
    cells = [[shown(head) for head, _ in heads], *rows]
    widths = [max(row[at].cell_len for row in cells) for at in range(len(heads))]
    for row in cells:
        padded = []
        for (_, right), cell, width in zip(heads, row, widths, strict=True):
            space = " " * (width - cell.cell_len)
            padded.append(f"{space}{cell.plain}" if right else f"{cell.plain}{space}")
        yield "  ".join(padded).rstrip()


def run_heads(*, wide: bool, namespaces: bool) -> Heads:
    """The columns of a table of runs."""
    names = ["NAMESPACE"] * namespaces + ["NAME", "POOL", "TICKET", "PHASE", "WHY", "ATTEMPT", "MONEY", "AGE"]
    names += ["TASK", "TRIES", "TOKENS", "TIME", "TITLE", "BRANCH", "PULL REQUEST"] * wide
    right = {"ATTEMPT", "MONEY", "AGE", "TRIES", "TOKENS", "TIME"}
    return [(name, name in right) for name in names]


def run_cells(row: RunRow, now: datetime, *, wide: bool, namespaces: bool) -> list[Text]:
    """A run as cells under `run_heads`."""
    why = " ".join(part for part in (row.failure, row.reason) if part) if row.phase.finished else row.reason
    cells = [
        shown(row.name),
        shown(row.pool),
        shown(row.key_or_ticket),
        shown(row.phase.value, _COLOURS.get(row.phase, "cyan")),
        shown("/".join(dict.fromkeys(why.split()))),
        shown(row.attempt),
        shown(money(row.money)),
        shown(age(row.created, now)),
    ]
    if wide:
        cells += [shown(text) for text in (row.task, row.tries, row.tokens, duration(row.seconds))]
        cells += [shown(text or "-") for text in (row.title, row.branch, row.pull_request)]
    return [shown(row.namespace)] * namespaces + cells


def money(dollars: float | None) -> str:
    """US dollars; a dash where they are not known."""
    return "-" if dollars is None else f"${dollars:.2f}" if dollars >= 10 or dollars == 0 else f"${dollars:.4f}"


def age(since: str, now: datetime | None = None) -> str:
    """How long ago that was, as kubectl says it; a dash where it is not known."""
    try:
        began = datetime.fromisoformat(since)
    except ValueError:
        return "-"
    if began.tzinfo is None:
        began = began.replace(tzinfo=UTC)
    return duration(((now or datetime.now(UTC)) - began).total_seconds())


def duration(seconds: float) -> str:
    """In the unit that says enough: 42s, 7m, 3h, 12d."""
    whole = max(0, int(seconds))
    for unit, length, least in (("d", 86400, 2), ("h", 3600, 2), ("m", 60, 2)):
        if whole >= length * least:
            return f"{whole // length}{unit}"
    return f"{whole}s"

"""Trying a board: credentials, the board itself, its columns, and what the account may do there."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from boardhand_api import pool
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told
from boardhand_operator.boards import open_board
from boardhand_operator.errors import Misconfigured

_NOWHERE = "no column of this name, boardhand asks"
_MISSING = "ColumnMissing"


async def try_board(spec: pool.Board, credentials: Mapping[str, str], reach: Reach | None = None) -> Trial:
    """Check the board as the operator would; nothing is written. offers: the columns there are.

    credentials: the Secret's data, decoded. Never raises: what is wrong is in the Trial.
    """
    reach = reach or Reach()
    who = f"The board at {spec.url or spec.type}"
    found = await told(who, reach.seconds, lambda: _checked(spec, credentials, reach))
    if found.ok:
        return await told(who, reach.seconds, lambda: _listed(spec, credentials, reach))
    return found.fixed_by(_columns(spec, found)) if found.reason == _MISSING else found


async def columns_of(spec: pool.Board, credentials: Mapping[str, str], reach: Reach | None = None) -> Trial:
    """Check the board but for its columns, which are offered. Never raises."""
    reach = reach or Reach()
    return await told(f"The board at {spec.url or spec.type}", reach.seconds, lambda: _named(spec, credentials, reach))


async def _checked(spec: pool.Board, credentials: Mapping[str, str], reach: Reach) -> Trial:
    board = open_board(spec, credentials, reach.connection())
    try:
        await board.check()
    finally:
        await board.aclose()
    return Trial(True, f"{spec.type}: board {spec.board} is there, with all its columns")


async def _listed(spec: pool.Board, credentials: Mapping[str, str], reach: Reach) -> Trial:
    """A good board once more, with its columns."""
    offers = (await _asked(spec, {"failed": _NOWHERE}, credentials, reach)).there
    return Trial(True, f"{spec.type}: board {spec.board} is there, with all its columns", offers=offers)


async def _named(spec: pool.Board, credentials: Mapping[str, str], reach: Reach) -> Trial:
    offers = (await _asked(spec, {"ready": _NOWHERE}, credentials, reach)).there
    return Trial(True, f"{spec.type}: board {spec.board} is there", offers=offers)


async def _asked(
    spec: pool.Board, column: Mapping[str, str], credentials: Mapping[str, str], reach: Reach
) -> Misconfigured:
    """What the board says of a column that it cannot have: all boards name those there are.

    Raises what `check` raises before it comes to that.
    """
    columns = spec.columns.model_copy(update=dict(column))
    try:
        await _checked(spec.model_copy(update={"columns": columns}), credentials, reach)
    except Misconfigured as wrong:
        if wrong.reason != _MISSING:
            raise
        return wrong
    raise Misconfigured("ColumnsUntold", f"{spec.type} does not tell its columns")


def _columns(spec: pool.Board, found: Trial) -> str:
    """The line of YAML with the columns that are nearest to those that are not there."""
    wanted = {name: value for name, value in spec.columns.wire().items() if value.strip() not in found.offers}
    lines = []
    for name, value in wanted.items():
        near = difflib.get_close_matches(value, found.offers, 1, 0.4)
        choice = near[0] if near else " | ".join(found.offers) or "…"
        lines.append(f"{name}: {choice!r}")
    return f"spec.board.columns: {{{', '.join(lines)}}}"

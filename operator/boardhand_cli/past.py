"""What a history database still knows of a run whose pod is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardhand_cli.problems import Exit, Problem

if TYPE_CHECKING:
    from boardhand_history.queries import Told


async def told(url: str, namespace: str, run: str) -> Told | None:
    """The run of this name that finished last; None where the history knows none. Raises Problem."""
    # SQLAlchemy takes a while to load, which no other command is to wait for.
    from boardhand_history.errors import HistoryError
    from boardhand_history.queries import History, Search

    try:
        history = History.at(url)
        try:
            page = await history.search([namespace], Search(name=run), limit=1)
            return await history.one([namespace], page.rows[0].uid) if page.rows else None
        finally:
            await history.close()
    except HistoryError as wrong:
        raise Problem(Exit.INPUT, f"the history cannot be read: {wrong}") from None

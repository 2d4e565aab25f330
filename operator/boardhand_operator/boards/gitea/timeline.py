"""Timelines of Gitea's issues, and where they say that an issue is."""

from __future__ import annotations

from collections.abc import Collection

from boardhand_operator.boards.entered import Entered
from boardhand_operator.boards.gitea.log import named, placed
from boardhand_operator.boards.labels import Place
from boardhand_operator.vendors.gitea.pages import Json, Pages


async def timeline(pages: Pages, number: int | str) -> list[Json]:
    """What happened to an issue, its comments among it, oldest first. Raises what `Client.get` raises."""
    return await pages.all(f"read what happened to issue {number}", f"/issues/{number}/timeline", sieved=True)


def entered(pages: Pages) -> Entered:
    """The places of this repository's issues."""

    async def read(issue: Json, columns: Collection[str]) -> Place | None:
        return placed(issue, await timeline(pages, issue["number"]), columns)

    return Entered(read, _key)


def _key(issue: Json, columns: Collection[str]) -> tuple[int, str, tuple[int, ...]]:
    return int(issue["number"]), issue["updated_at"], tuple(sorted(named(issue, columns).values()))

"""Who changed an issue's description last, which GitHub tells by GraphQL alone."""

from __future__ import annotations

from datetime import datetime

from boardhand_operator.boards import Edit
from boardhand_operator.boards.github.items import edit_of
from boardhand_operator.boards.github.log import Json, moment
from boardhand_operator.boards.github.queries import EDITED
from boardhand_operator.http.graphql import Graph


async def last_edit(graph: Graph, issue: Json, since: datetime) -> tuple[Edit, ...]:
    """The last change of its description, unless it was ours; no request where nothing changed since then.

    issue: as REST has it. Raises what `Graph.query` raises.
    """
    if moment(issue["updated_at"]) <= since:
        return ()
    found = await graph.query(f"read who changed issue {issue['number']}", EDITED, {"id": issue["node_id"]})
    return edit_of(found["node"] or {})

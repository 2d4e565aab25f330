"""What only the testbed does to the stand-in: a board with many cards in one call."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testbed.trello.memory import POS_STEP
from testbed.trello.state import TrelloState


class BulkCards(BaseModel):
    """The body of POST /_testbed/cards: so many cards on each of these lists, named `title` and a number."""

    model_config = ConfigDict(extra="forbid")

    lists: Annotated[list[str], Field(min_length=1)]
    count: Annotated[int, Field(ge=1, le=100_000)]
    title: str = "Card"
    desc: str = ""


def bulk_route(state: TrelloState) -> Route:
    """POST /_testbed/cards: all of the cards are there for the next call, none before. Answers the ids by list."""

    async def add(request: Request) -> Response:
        try:
            wanted = BulkCards.model_validate_json(await request.body())
        except ValidationError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        unknown = [id_ for id_ in wanted.lists if id_ not in state.lists]
        if unknown:
            return JSONResponse({"error": f"no list {', '.join(unknown)}"}, status_code=400)
        return JSONResponse({id_: _fill(state, id_, wanted) for id_ in wanted.lists})

    return Route("/_testbed/cards", add, methods=["POST"])


def _fill(state: TrelloState, list_id: str, wanted: BulkCards) -> list[str]:
    home = state.lists[list_id]
    last = max((float(card["pos"]) for card in state.cards_in(home)), default=0.0)
    numbers = range(1, wanted.count + 1)
    return [
        str(state.add_card(home, f"{wanted.title} {n}", wanted.desc, last + n * POS_STEP, state.owner)["id"])
        for n in numbers
    ]

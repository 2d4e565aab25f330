"""The page where a person watches the cards move. Everything a card says is escaped by the template."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from testbed.trello.shapes import Json
from testbed.trello.state import TrelloState

_LINK = re.compile(r"\[([^\]\n]+)\]\((https?://[^\s)]+)\)|(https?://[^\s<>\"')\]]+)")
_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)


def linked(text: str) -> Markup:
    """The text escaped, with its http(s) addresses and Markdown links as anchors; HTML comments are left out."""
    text = _HIDDEN.sub("", text).strip()
    parts, last = [], 0
    for found in _LINK.finditer(text):
        address = found[2] or found[3].rstrip(".,;:!?")
        end = found.end() if found[2] else found.start() + len(address)
        parts.append(escape(text[last : found.start()]))
        parts.append(Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(address, found[1] or address))
        last = end
    return Markup("").join([*parts, escape(text[last:])])


def clock(date: str) -> str:
    """The time of day of one of Trello's dates, in UTC."""
    return datetime.fromisoformat(date).strftime("%H:%M:%S")


def board_view(state: TrelloState, board: Json) -> Json:
    """What the page shows of a board: its open columns from left to right with their open cards."""
    columns = []
    for column in state.lists_of(board):
        if not column["closed"]:
            cards = [_card(state, card) for card in state.cards_in(column) if not card["closed"]]
            columns.append({"id": column["id"], "name": column["name"], "cards": cards})
    return {"id": board["id"], "name": board["name"], "version": state.version, "columns": columns}


def _card(state: TrelloState, card: Json) -> Json:
    comments = [entry for entry in state.actions.of(card) if entry["type"] == "commentCard"]
    last = comments[-1] if comments else None
    return {
        "id": card["id"],
        "name": card["name"],
        "shortLink": card["shortLink"],
        "labels": [{"name": label["name"], "color": label["color"]} for label in card["labels"]],
        "comments": len(comments),
        "lastComment": last
        and {
            "text": last["data"]["text"],
            "by": last["memberCreator"]["fullName"],
            "date": last["date"],
        },
    }


def routes(state: TrelloState) -> list[Route]:
    """`/`, its refreshed part, and that as JSON; `?board=` takes an id or short link (default: the newest).

    `/_testbed/columns.json` has how many cards stand in the columns of each name, over all boards.
    """
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    templates.filters |= {"linked": linked, "clock": clock}

    def chosen(request: Request) -> Json | None:
        wanted = request.query_params.get("board")
        boards = [b for b in state.boards.values() if wanted in (None, b["id"], b["shortLink"])]
        return board_view(state, boards[-1]) if boards else None

    def render(request: Request, *, whole: bool) -> Response:
        values: dict[str, Any] = {"board": chosen(request), "boards": list(state.boards.values()), "whole": whole}
        return HTMLResponse(templates.get_template("page.html").render(values))

    async def index(request: Request) -> Response:
        return render(request, whole=True)

    async def fragment(request: Request) -> Response:
        return render(request, whole=False)

    async def as_json(request: Request) -> Response:
        board = chosen(request)
        return JSONResponse(board, status_code=404 if board is None else 200)

    async def columns(_: Request) -> Response:
        names = (state.lists[card["idList"]]["name"] for card in state.cards.values() if not card["closed"])
        return JSONResponse(dict(Counter(names)))

    async def card(request: Request) -> Response:
        link = request.path_params["link"]
        boards = [entry["idBoard"] for entry in state.cards.values() if entry["shortLink"] == link]
        return RedirectResponse(f"/?board={boards[0]}") if boards else HTMLResponse("no such card", status_code=404)

    return [
        Route("/", index),
        Route("/c/{link}", card),
        Route("/c/{link}/{_:path}", card),
        Route("/_testbed/board.html", fragment),
        Route("/_testbed/board.json", as_json),
        Route("/_testbed/columns.json", columns),
    ]

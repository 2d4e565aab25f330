"""The part of Trello's API that is served: one table of endpoints, each with the parameters it reads.

Source: https://developer.atlassian.com/cloud/trello/rest/ ; a test holds the table to the vendor's OpenAPI file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from testbed.trello import card_routes, views, webhooks
from testbed.trello.call import Call, Refused, invalid, not_found
from testbed.trello.shapes import LABEL_COLORS, Json
from testbed.trello.state import TrelloState

BATCH_MAX = 10
_CARDS = (*views.CARD_PARAMS, "limit", "since", "before")


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, as the vendor writes it (without the /1)."""

    method: str
    path: str
    handler: Callable[[Call], Any]
    params: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "/?$")


def get_board(call: Call) -> Json:
    board, state = call.board(), call.state
    view = views.pick(board, call.get("fields") or views.BOARD_DEFAULT)
    if call.get("lists"):
        view["lists"] = views.only(state.lists_of(board), call.get("lists") or "", "lists")
    if call.get("cards"):
        view["cards"] = views.visible_cards(call, board, call.get("cards") or "", "cards")
    if call.get("labels") not in (None, "none"):
        view["labels"] = _labels(call, board)
    if call.get("members") not in (None, "none"):
        view["members"] = _members(call, board)
    return view


def add_board(call: Call) -> Json:
    permission = call.choice("prefs_permissionLevel", "private", "org", "private", "public")
    name, desc = call.required("name"), call.text("desc") or ""
    board = call.state.add_board(name, call.by, desc=desc, permission=permission)
    if call.flag("defaultLists") is not False:
        for title in ("To Do", "Doing", "Done"):
            call.state.add_list(board, title, "bottom", call.by)
    if call.flag("defaultLabels") is not False:
        for color in ("green", "yellow", "orange", "red", "purple", "blue"):
            call.state.add_label(board, "", color)
    return board


def board_lists(call: Call) -> list[Json]:
    lists = views.only(call.state.lists_of(call.board()), call.path.get("filter") or call.get("filter") or "open")
    found = [views.pick(entry, call.get("fields")) for entry in lists]
    if call.get("cards") not in (None, "none"):
        for view, entry in zip(found, lists, strict=True):
            view["cards"] = views.only(call.state.cards_in(entry), call.get("cards") or "", "cards")
    return found


def board_cards(call: Call) -> list[Json]:
    filter_ = call.path.get("filter") or call.get("filter") or "visible"
    return views.cards_view(call, views.visible_cards(call, call.board(), filter_))


def board_actions(call: Call) -> list[Json]:
    return views.actions_view(call, call.state.actions.of(call.board()), "all")


def _labels(call: Call, board: Json) -> list[Json]:
    return [label for label in call.state.labels.values() if label["idBoard"] == board["id"]]


def board_labels(call: Call) -> list[Json]:
    labels = _labels(call, call.board())[: call.number("limit", 50, 1000)]
    return [views.pick(label, call.get("fields")) for label in labels]


def add_label(call: Call) -> Json:
    color = call.choice("color", "", "", "null", *LABEL_COLORS)
    return call.state.add_label(call.board(), call.required("name"), None if color in ("", "null") else color)


def _members(call: Call, board: Json) -> list[Json]:
    people = [call.state.members[entry["idMember"]] for entry in board["memberships"]]
    return [views.member_view(person, "fullName,username") for person in people]


def board_members(call: Call) -> list[Json]:
    return _members(call, call.board())


def board_memberships(call: Call) -> list[Json]:
    kinds = {"all": ("admin", "normal", "observer"), "admins": ("admin",), "normal": ("normal",), "none": ()}
    wanted = kinds[call.choice("filter", "all", *kinds)]
    found = [dict(entry) for entry in call.board()["memberships"] if entry["memberType"] in wanted]
    if call.flag("member"):
        for entry in found:
            entry["member"] = views.member_view(call.state.members[entry["idMember"]], "fullName,username")
    return found


def add_list(call: Call) -> Json:
    pos = call.pos()
    board = call.named("idBoard", call.state.boards)
    return call.state.add_list(board, call.required("name"), "top" if pos is None else pos, call.by)


def get_list(call: Call) -> Json:
    return views.pick(call.list_(), call.get("fields") or views.LIST_DEFAULT)


def update_list(call: Call) -> Json:
    changes = {"name": call.text("name", least=1), "closed": call.flag("closed"), "pos": call.pos()}
    found = call.list_()
    call.state.update_list(found, {name: value for name, value in changes.items() if value is not None}, call.by)
    return found


def list_cards(call: Call) -> list[Json]:
    return views.cards_view(call, views.only(call.state.cards_in(call.list_()), call.get("filter") or "open"))


def get_member(call: Call) -> Json:
    return views.pick(call.member(), call.get("fields"))


def member_boards(call: Call) -> list[Json]:
    boards = [call.state.boards[id_] for id_ in call.member()["idBoards"]]
    found = views.only(boards, call.choice("filter", "all", "all", "open", "closed"))
    return [views.pick(board, call.get("fields")) for board in found]


def get_action(call: Call) -> Json:
    found = call.state.actions.get(call.path["id"])
    if found is None or found["data"]["board"]["id"] not in call.by["idBoards"]:
        raise not_found()
    return views.pick(found, call.get("fields"))


def batch(call: Call) -> list[Json]:
    """Up to ten GETs in one call: each answer under its status, each refusal with its name and text."""
    urls = [url for url in call.required("urls").split(",") if url]
    if not 1 <= len(urls) <= BATCH_MAX or any(not url.startswith("/") for url in urls):
        raise invalid("urls")
    return [_batched(call, url) for url in urls]


def _batched(call: Call, url: str) -> Json:
    parts = urlsplit(url)
    if parts.path.startswith("/batch"):
        raise invalid("urls")
    try:
        return {"200": dispatch(call.state, "GET", parts.path, dict(parse_qsl(parts.query)), call.by)}
    except Refused as refused:
        return {"name": "Error", "message": refused.text, "statusCode": refused.status}


def _endpoints() -> Iterator[Endpoint]:
    yield Endpoint("GET", "/members/{id}", get_member, ("fields",))
    yield Endpoint("GET", "/members/{id}/boards", member_boards, ("filter", "fields"))
    yield Endpoint("GET", "/actions/{id}", get_action, ("fields",))
    yield Endpoint("GET", "/batch", batch, ("urls",))
    new_board = ("name", "desc", "defaultLists", "defaultLabels", "prefs_permissionLevel")
    yield Endpoint("POST", "/boards/", add_board, new_board)
    yield Endpoint("GET", "/boards/{id}", get_board, ("fields", "lists", "cards", "labels", "members"))
    yield Endpoint("GET", "/boards/{id}/lists", board_lists, ("filter", "fields", "cards"))
    yield Endpoint("GET", "/boards/{id}/lists/{filter}", board_lists, ("filter", "fields", "cards"))
    yield Endpoint("GET", "/boards/{id}/cards", board_cards, ("filter", *_CARDS))
    yield Endpoint("GET", "/boards/{id}/cards/{filter}", board_cards, ("filter", *_CARDS))
    yield Endpoint("GET", "/boards/{id}/actions", board_actions, views.ACTION_PARAMS)
    yield Endpoint("GET", "/boards/{id}/labels", board_labels, ("limit", "fields"))
    yield Endpoint("POST", "/boards/{id}/labels", add_label, ("name", "color"))
    yield Endpoint("GET", "/boards/{id}/members", board_members)
    yield Endpoint("GET", "/boards/{id}/memberships", board_memberships, ("filter", "member"))
    yield Endpoint("POST", "/lists", add_list, ("name", "idBoard", "pos"))
    yield Endpoint("GET", "/lists/{id}", get_list, ("fields",))
    yield Endpoint("PUT", "/lists/{id}", update_list, ("name", "closed", "pos"))
    yield Endpoint("GET", "/lists/{id}/cards", list_cards, ("filter", *_CARDS))
    for method, path, handler, params in (*card_routes.TABLE, *webhooks.TABLE):
        yield Endpoint(method, path, handler, params)


ENDPOINTS: tuple[Endpoint, ...] = tuple(_endpoints())


def find(method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
    """The endpoint that serves this path (without the /1) and what its path names. Raises Refused (404)."""
    for endpoint in ENDPOINTS:
        found = endpoint.pattern.match(path) if endpoint.method == method else None
        if found:
            return endpoint, found.groupdict()
    raise Refused(404, f"Cannot {method} /1{path}")


def dispatch(state: TrelloState, method: str, path: str, params: Mapping[str, str], by: Json) -> Any:
    """Carry out one call and return its JSON answer. Raises Refused with Trello's status and text."""
    endpoint, named = find(method, path)
    return endpoint.handler(Call(state, by, named, params, frozenset(endpoint.params)))

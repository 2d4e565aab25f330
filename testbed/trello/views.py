"""How objects are answered: chosen fields, filters, pages, and resources nested in others.

Source: https://developer.atlassian.com/cloud/trello/guides/rest-api/nested-resources/
"""

from __future__ import annotations

from collections.abc import Iterable

from testbed.trello.call import Call, invalid
from testbed.trello.shapes import Json

CARD_PARAMS = ("fields", "actions", "actions_limit", "attachments", "members", "checklists", "list", "board")
ACTION_PARAMS = ("filter", "limit", "page", "since", "before", "fields", "memberCreator")
BOARD_DEFAULT = "name,desc,descData,closed,idOrganization,pinned,url,shortUrl,prefs,labelNames"
LIST_DEFAULT = "name,closed,idBoard,pos"
CARD_ACTIONS_DEFAULT = "commentCard,updateCard:idList"


def pick(entry: Json, wanted: str | None, name: str = "fields") -> Json:
    """The entry with its id and the wanted fields: `all`, or names separated by commas."""
    if wanted in (None, "all"):
        return dict(entry)
    assert wanted is not None
    names = [field.strip() for field in wanted.split(",") if field.strip()]
    unknown = [field for field in names if field not in entry]
    if unknown:
        raise invalid(name)
    return {"id": entry["id"]} | {field: entry[field] for field in names}


def only(entries: Iterable[Json], filter_: str, name: str = "filter") -> list[Json]:
    """The open, closed, all or none of the entries."""
    chosen = {"open": (False,), "visible": (False,), "closed": (True,), "all": (False, True), "none": ()}
    if filter_ not in chosen:
        raise invalid(name)
    return [entry for entry in entries if entry["closed"] in chosen[filter_]]


def card_view(call: Call, card: Json) -> Json:
    """A card with the fields and nested resources that the call asks for."""
    state = call.state
    view = pick(card, call.get("fields"))
    if call.get("actions") not in (None, "", "none"):
        limit = call.number("actions_limit", 50, 1000)
        view["actions"] = select_actions(state.actions.of(card), call.get("actions") or "", "actions")[:limit]
    if call.get("attachments") in ("true", "cover"):
        view["attachments"] = state.attachments.get(card["id"], [])
    if call.flag("members"):
        view["members"] = [member_view(state.members[id_]) for id_ in card["idMembers"]]
    if call.choice("checklists", "none", "all", "none") == "all":
        view["checklists"] = state.checklists_of(card)
    if call.flag("list"):
        view["list"] = state.lists[card["idList"]]
    if call.flag("board"):
        view["board"] = pick(state.boards[card["idBoard"]], BOARD_DEFAULT)
    return view


def cards_view(call: Call, cards: list[Json]) -> list[Json]:
    """Cards between `since` and `before`, at most `limit` (1,000), each as `card_view` shows it."""
    since, before = call.id_bound("since"), call.id_bound("before")
    found = [card for card in cards if (not since or card["id"] > since) and (not before or card["id"] < before)]
    return [card_view(call, card) for card in found[: call.number("limit", 1000, 1000)]]


def visible_cards(call: Call, board: Json, filter_: str, name: str = "filter") -> list[Json]:
    """The board's cards under a card filter; `visible` leaves out what lies on an archived list."""
    cards = call.state.cards_of(board)
    if filter_ in ("complete", "incomplete"):
        return [card for card in cards if card["dueComplete"] == (filter_ == "complete")]
    found = only(cards, filter_, name)
    if filter_ == "visible":
        found = [card for card in found if not call.state.lists[card["idList"]]["closed"]]
    return found


def member_view(person: Json, wanted: str | None = "avatarHash,fullName,initials,username") -> Json:
    return pick(person, wanted)


def select_actions(actions: list[Json], filter_: str, name: str = "filter") -> list[Json]:
    """The actions of the wanted types, newest first: `all`, or like `createCard,updateCard:idList`."""
    newest = list(reversed(actions))
    if filter_ == "all":
        return newest
    wanted = [kind.strip().partition(":") for kind in filter_.split(",") if kind.strip()]
    if not wanted:
        raise invalid(name)
    return [action for action in newest if any(_is(action, kind, part) for kind, _, part in wanted)]


def _is(action: Json, kind: str, part: str) -> bool:
    return action["type"] == kind and (not part or part in action["data"].get("old", {}))


def actions_view(call: Call, actions: list[Json], default_filter: str) -> list[Json]:
    """A page of the actions, newest first, under the call's filter, since, before, limit, page and fields."""
    found = select_actions(actions, call.get("filter") or default_filter)
    since, before = call.id_bound("since"), call.id_bound("before")
    found = [entry for entry in found if (not since or entry["id"] > since) and (not before or entry["id"] < before)]
    limit = call.number("limit", 50, 1000)
    first = call.number("page", 0, 1000) * limit
    page = [pick(entry, call.get("fields")) for entry in found[first : first + limit]]
    if call.flag("memberCreator") is False:
        page = [{name: value for name, value in entry.items() if name != "memberCreator"} for entry in page]
    return page

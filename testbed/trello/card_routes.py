"""The endpoints of cards and of what hangs on them.

Source: https://developer.atlassian.com/cloud/trello/rest/api-group-cards/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from testbed.trello import views
from testbed.trello.call import Call, invalid, not_found
from testbed.trello.shapes import Json

_NO_VALUE: Json = {"_value": None}


def _settings(call: Call, board_id: str) -> Json:
    """The card's fields that the call sets, checked; `due` and `start` become None by an empty value or null."""
    changes: Json = {"desc": call.text("desc"), "dueComplete": call.flag("dueComplete"), "pos": call.pos()}
    changes["idLabels"] = call.label_ids("idLabels", board_id)
    changes["idMembers"] = _member_ids(call)
    found = {name: value for name, value in changes.items() if value is not None}
    for name in ("due", "start"):
        value = call.get(name)
        if value is not None:
            found[name] = None if value in ("", "null") else value
    return found


def _member_ids(call: Call) -> list[str] | None:
    value = call.get("idMembers")
    if value is None:
        return None
    ids = [id_ for id_ in value.split(",") if id_]
    if any(id_ not in call.state.members for id_ in ids):
        raise invalid("idMembers")
    return ids


def add_card(call: Call) -> Json:
    home = call.named("idList", call.state.lists)
    settings = _settings(call, home["idBoard"])
    name, desc, pos = call.text("name") or "", settings.pop("desc", ""), settings.pop("pos", "bottom")
    card = call.state.add_card(home, name, desc, pos, call.by)
    card.update({field: settings.pop(field) for field in ("due", "start", "dueComplete") if field in settings})
    call.state.update_card(card, settings, call.by)
    return card


def get_card(call: Call) -> Json:
    return views.card_view(call, call.card())


def update_card(call: Call) -> Json:
    card = call.card()
    changes = _settings(call, card["idBoard"])
    more = {
        "name": call.text("name", least=1),
        "closed": call.flag("closed"),
        "subscribed": call.flag("subscribed"),
    }
    changes |= {field: value for field, value in more.items() if value is not None}
    if call.get("idList") is not None:
        changes["idList"] = call.named("idList", call.state.lists)["id"]
        if call.state.lists[changes["idList"]]["idBoard"] != card["idBoard"]:
            raise invalid("idList")
    call.state.update_card(card, changes, call.by)
    return card


def delete_card(call: Call) -> Json:
    call.state.delete_card(call.card(), call.by)
    return {"limits": {}}


def card_actions(call: Call) -> list[Json]:
    return views.actions_view(call, call.state.actions.of(call.card()), views.CARD_ACTIONS_DEFAULT)


def add_comment(call: Call) -> Json:
    return call.state.add_comment(call.card(), call.required("text"), call.by)


def edit_comment(call: Call) -> Json:
    comment = call.comment(call.card())
    call.state.edit_comment(comment, call.required("text"))
    return comment


def delete_comment(call: Call) -> Json:
    card = call.card()
    call.state.delete_comment(card, call.comment(card))
    return _NO_VALUE


def card_checklists(call: Call) -> list[Json]:
    return call.state.checklists_of(call.card())


def add_checklist(call: Call) -> Json:
    return call.state.add_checklist(call.card(), call.text("name") or "Checklist", call.by)


def add_check_item(call: Call) -> Json:
    return call.state.add_check_item(call.checklist(), call.required("name"), checked=call.flag("checked") is True)


def card_attachments(call: Call) -> list[Json]:
    there = call.state.attachments.get(call.card()["id"], [])
    return [views.pick(entry, call.get("fields")) for entry in there]


def add_attachment(call: Call) -> Json:
    url = call.required("url")
    if urlsplit(url).scheme not in ("http", "https"):
        raise invalid("url")
    return call.state.add_attachment(call.card(), url, call.text("name") or "", call.by)


def card_members(call: Call) -> list[Json]:
    wanted = call.get("fields") or "avatarHash,fullName,initials,username"
    return [views.member_view(call.state.members[id_], wanted) for id_ in call.card()["idMembers"]]


def add_card_label(call: Call) -> list[str]:
    card = call.card()
    label = call.named("value", call.state.labels)
    if label["idBoard"] != card["idBoard"] or label["id"] in card["idLabels"]:
        raise invalid("value")
    call.state.set_labels(card, [*card["idLabels"], label["id"]])
    return [str(id_) for id_ in card["idLabels"]]


def remove_card_label(call: Call) -> Json:
    card = call.card()
    if call.path["idLabel"] not in card["idLabels"]:
        raise not_found()
    call.state.set_labels(card, [id_ for id_ in card["idLabels"] if id_ != call.path["idLabel"]])
    return _NO_VALUE


_SETTINGS = ("name", "desc", "pos", "due", "start", "dueComplete", "idMembers", "idLabels", "idList")

TABLE: tuple[tuple[str, str, Callable[[Call], Any], tuple[str, ...]], ...] = (
    ("POST", "/cards", add_card, _SETTINGS),
    ("GET", "/cards/{id}", get_card, views.CARD_PARAMS),
    ("PUT", "/cards/{id}", update_card, (*_SETTINGS, "closed", "subscribed")),
    ("DELETE", "/cards/{id}", delete_card, ()),
    ("GET", "/cards/{id}/actions", card_actions, views.ACTION_PARAMS),
    ("POST", "/cards/{id}/actions/comments", add_comment, ("text",)),
    ("PUT", "/cards/{id}/actions/{idAction}/comments", edit_comment, ("text",)),
    ("DELETE", "/cards/{id}/actions/{idAction}/comments", delete_comment, ()),
    ("GET", "/cards/{id}/checklists", card_checklists, ()),
    ("POST", "/cards/{id}/checklists", add_checklist, ("name",)),
    ("POST", "/checklists/{id}/checkItems", add_check_item, ("name", "checked")),
    ("GET", "/cards/{id}/attachments", card_attachments, ("fields",)),
    ("POST", "/cards/{id}/attachments", add_attachment, ("url", "name")),
    ("GET", "/cards/{id}/members", card_members, ("fields",)),
    ("POST", "/cards/{id}/idLabels", add_card_label, ("value",)),
    ("DELETE", "/cards/{id}/idLabels/{idLabel}", remove_card_label, ()),
)

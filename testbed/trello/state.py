"""The stand-in's whole memory, and every change that can be made to it. No HTTP in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from testbed.trello import shapes
from testbed.trello.actions import ActionLog
from testbed.trello.ids import Ids
from testbed.trello.shapes import Json

POS_STEP = 65536.0
_RECORDED = ("closed", "name", "desc", "due", "dueComplete", "start")


class TrelloState:
    """Boards, lists, cards and their actions, in memory.

    The first of `tokens` (token to user name) is who the seed is written by. `now` is Unix seconds. `site` begins the
    links to cards, so that they lead to the stand-in's own page.
    """

    def __init__(
        self, key: str, tokens: dict[str, str], now: Callable[[], float] = time.time, site: str = shapes.SITE
    ) -> None:
        self.key = key
        self._site = site
        self._first_tokens = dict(tokens)
        self.now = now
        self._ids = Ids(now)
        self.happened: Callable[[Json], None] = lambda _: None
        """Told of each action once it is recorded."""
        self.clear()

    def clear(self) -> None:
        """Forget everything but the key, the tokens and the people they belong to."""
        self.members: dict[str, Json] = {}
        self.tokens: dict[str, str] = {}
        self.boards: dict[str, Json] = {}
        self.lists: dict[str, Json] = {}
        self.cards: dict[str, Json] = {}
        self.labels: dict[str, Json] = {}
        self.checklists: dict[str, Json] = {}
        self.attachments: dict[str, list[Json]] = {}
        self.webhooks: dict[str, Json] = {}
        self._webhook_owners: dict[str, str] = {}
        self.actions = ActionLog(self._ids)
        self._card_numbers: dict[str, int] = {}
        self.version = 0
        for token, username in self._first_tokens.items():
            self.add_member(username, username.replace("-", " ").title(), token)

    def set_clock(self, now: Callable[[], float]) -> None:
        """As if the clock had always gone so: new ids and dates are by it."""
        self.now = now
        self._ids.restart(now)

    # People

    def add_member(self, username: str, full_name: str, token: str | None = None) -> Json:
        """The person of this user name, made if new; `token` then speaks for them."""
        person = next((m for m in self.members.values() if m["username"] == username), None)
        if person is None:
            person = shapes.member(self._ids.new(), username, full_name)
            self.members[person["id"]] = person
        person["fullName"] = full_name
        if token is not None:
            self.tokens[token] = person["id"]
        return person

    @property
    def owner(self) -> Json:
        return next(iter(self.members.values()))

    # Boards and lists

    def add_board(self, name: str, by: Json, *, desc: str = "", permission: str = "private", link: str = "") -> Json:
        id_ = self._ids.new()
        link = link or shapes.short_link(id_)
        board = shapes.board(id_, name, desc, by["id"], permission, self.now(), link)
        self.boards[id_] = board
        self._card_numbers[id_] = 0
        for person in self.members.values():
            self.join(board, person, "admin" if person is by else "normal")
        self._record("createBoard", by, board, {})
        return board

    def join(self, board: Json, person: Json, kind: str = "normal") -> None:
        """Make the person a member of the board; a second time changes nothing."""
        if board["id"] not in person["idBoards"]:
            person["idBoards"].append(board["id"])
            membership = {"id": self._ids.new(), "idMember": person["id"], "memberType": kind}
            board["memberships"].append(membership | {"unconfirmed": False, "deactivated": False})

    def add_list(self, board: Json, name: str, pos: str | float, by: Json) -> Json:
        id_ = self._ids.new()
        made = shapes.list_(id_, board["id"], name, self._pos(pos, self.lists_of(board)))
        self.lists[id_] = made
        self._record("createList", by, board, {"list": {"id": id_, "name": name}})
        return made

    def update_list(self, changed: Json, changes: Json, by: Json) -> None:
        board = self.boards[changed["idBoard"]]
        if "pos" in changes:
            changed["pos"] = self._pos(changes["pos"], self.lists_of(board))
        for name in ("name", "closed"):
            if name in changes and changes[name] != changed[name]:
                old, changed[name] = changed[name], changes[name]
                about = {"id": changed["id"], "name": changed["name"], name: changed[name]}
                self._record("updateList", by, board, {"old": {name: old}, "list": about})

    def lists_of(self, board: Json) -> list[Json]:
        """The board's lists, closed ones too, from left to right."""
        return _by_pos(entry for entry in self.lists.values() if entry["idBoard"] == board["id"])

    def add_label(self, board: Json, name: str, color: str | None) -> Json:
        made = shapes.label(self._ids.new(), board["id"], name, color)
        self.labels[made["id"]] = made
        return made

    # Cards

    def add_card(self, home: Json, name: str, desc: str, pos: str | float, by: Json) -> Json:
        self._card_numbers[home["idBoard"]] += 1
        place = self._pos(pos, self._lying_in(home))
        number = self._card_numbers[home["idBoard"]]
        card = shapes.card(self._ids.new(), home, number, name, desc, place, self.now(), self._site)
        self.cards[card["id"]] = card
        self._record_on_card("createCard", card, by, {"list": _named(home)})
        return card

    def update_card(self, card: Json, changes: Json, by: Json) -> None:
        """Apply the changes, with one action for each field whose value becomes another, as Trello does."""
        moved = "idList" in changes and changes["idList"] != card["idList"]
        if moved:
            self._move(card, self.lists[changes["idList"]], changes.get("pos", "bottom"), by)
        elif "pos" in changes:
            old, home = card["pos"], self.lists[card["idList"]]
            card["pos"] = self._pos(changes["pos"], [c for c in self.cards_in(home) if c is not card])
            if card["pos"] != old:
                self._record_change(card, "pos", old, by)
        for name in _RECORDED:
            if name in changes and changes[name] != card[name]:
                old, card[name] = card[name], changes[name]
                self._record_change(card, name, old, by)
        for name in ("idMembers", "subscribed"):
            if name in changes:
                card[name] = changes[name]
        if "idLabels" in changes:
            self.set_labels(card, changes["idLabels"])
        card["badges"]["description"] = bool(card["desc"])
        self._touch(card)

    def _move(self, card: Json, to: Json, pos: str | float, by: Json) -> None:
        before = self.lists[card["idList"]]
        card["pos"] = self._pos(pos, self._lying_in(to))
        card["idList"] = to["id"]
        data = {"old": {"idList": before["id"]}, "listBefore": _named(before), "listAfter": _named(to)}
        self._record_on_card("updateCard", card, by, data, idList=to["id"])

    def _record_change(self, card: Json, name: str, old: Any, by: Json) -> None:
        data = {"old": {name: old}, "list": _named(self.lists[card["idList"]])}
        self._record_on_card("updateCard", card, by, data, **{name: card[name]})

    def delete_card(self, card: Json, by: Json) -> None:
        """Remove the card with its comments; the board keeps a deleteCard action."""
        del self.cards[card["id"]]
        for action in self.actions.of(card):
            if action["type"] == "commentCard":
                self.actions.forget(action)
        self.attachments.pop(card["id"], None)
        about = {name: card[name] for name in ("id", "idShort", "shortLink")}
        data = {"list": _named(self.lists[card["idList"]]), "card": about}
        self._record("deleteCard", by, self.boards[card["idBoard"]], data)

    def cards_in(self, home: Json) -> list[Json]:
        """The list's cards, archived ones too, from top to bottom."""
        return _by_pos(self._lying_in(home))

    def _lying_in(self, home: Json) -> Iterator[Json]:
        return (card for card in self.cards.values() if card["idList"] == home["id"])

    def cards_of(self, board: Json) -> list[Json]:
        """The board's cards, archived ones too, list by list."""
        places = {entry["id"]: index for index, entry in enumerate(self.lists_of(board))}
        found = _by_pos(card for card in self.cards.values() if card["idBoard"] == board["id"])
        return sorted(found, key=lambda card: places[card["idList"]])

    def set_labels(self, card: Json, ids: list[str]) -> None:
        card["idLabels"] = list(dict.fromkeys(ids))
        card["labels"] = [self.labels[id_] for id_ in card["idLabels"]]

    # What hangs on a card

    def add_comment(self, card: Json, text: str, by: Json) -> Json:
        card["badges"]["comments"] += 1
        self._touch(card)
        data = {"text": text, "textData": {"emoji": {}}, "list": _named(self.lists[card["idList"]])}
        return self._record_on_card("commentCard", card, by, data)

    def edit_comment(self, comment: Json, text: str) -> None:
        comment["data"] |= {"text": text, "dateLastEdited": shapes.iso(self.now())}
        self.version += 1

    def delete_comment(self, card: Json, comment: Json) -> None:
        card["badges"]["comments"] -= 1
        self.actions.forget(comment)
        self.version += 1

    def add_attachment(self, card: Json, url: str, name: str, by: Json, *, upload: bool = False) -> Json:
        """A link, or with `upload` a file, that hangs on the card."""
        there = self.attachments.setdefault(card["id"], [])
        pos = self._pos("bottom", there)
        made = shapes.attachment(self._ids.new(), by["id"], url, name or url, pos, self.now(), upload=upload)
        there.append(made)
        card["badges"]["attachments"] = len(there)
        self._touch(card)
        about = {"id": made["id"], "name": made["name"], "url": url}
        self._record_on_card("addAttachmentToCard", card, by, {"attachment": about})
        return made

    def add_checklist(self, card: Json, name: str, by: Json) -> Json:
        pos = self._pos("bottom", self.checklists_of(card))
        made = shapes.checklist(self._ids.new(), card, name, pos)
        self.checklists[made["id"]] = made
        card["idChecklists"].append(made["id"])
        self._record_on_card("addChecklistToCard", card, by, {"checklist": {"id": made["id"], "name": name}})
        return made

    def add_check_item(self, checklist: Json, name: str, *, checked: bool) -> Json:
        items = checklist["checkItems"]
        pos = self._pos("bottom", items)
        made = shapes.check_item(self._ids.new(), checklist["id"], name, pos, checked=checked)
        items.append(made)
        badges = self.cards[checklist["idCard"]]["badges"]
        badges["checkItems"] += 1
        badges["checkItemsChecked"] += checked
        return made

    def checklists_of(self, card: Json) -> list[Json]:
        return [self.checklists[id_] for id_ in card["idChecklists"]]

    # Webhooks

    def add_webhook(self, by: Json, callback: str, model: str, description: str, *, active: bool) -> Json:
        made = shapes.webhook(self._ids.new(), callback, model, description, active=active)
        self.webhooks[made["id"]] = made
        self._webhook_owners[made["id"]] = by["id"]
        return made

    def webhooks_of(self, person: Json) -> list[Json]:
        """The webhooks of the person's token: each person has one here."""
        return [hook for hook in self.webhooks.values() if self._webhook_owners[hook["id"]] == person["id"]]

    def delete_webhook(self, hook: Json) -> None:
        """Forget it; a second time changes nothing."""
        self.webhooks.pop(hook["id"], None)

    # Actions

    def _record_on_card(self, kind: str, card: Json, by: Json, data: Json, **changed: Any) -> Json:
        about = {name: card[name] for name in ("id", "name", "idShort", "shortLink")}
        return self._record(kind, by, self.boards[card["idBoard"]], data | {"card": about | changed})

    def _record(self, kind: str, by: Json, board: Json, data: Json) -> Json:
        about = {name: board[name] for name in ("id", "name", "shortLink")}
        action = self.actions.record(kind, by, data | {"board": about}, self.now())
        board["dateLastActivity"] = action["date"]
        self.version += 1
        self.happened(action)
        return action

    def _touch(self, card: Json) -> None:
        card["dateLastActivity"] = shapes.iso(self.now())
        self.version += 1

    def _pos(self, wanted: str | float, among: Iterable[Json]) -> float:
        """Where it goes; the others are looked at only where the place depends on them: a board may have thousands."""
        if wanted not in ("top", "bottom"):
            return float(wanted)
        places = [float(entry["pos"]) for entry in among] or [0.0 if wanted == "bottom" else 2 * POS_STEP]
        return min(places) / 2 if wanted == "top" else max(places) + POS_STEP


def _by_pos(entries: Iterable[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: (entry["pos"], entry["id"]))


def _named(entry: Json) -> Json:
    return {"id": entry["id"], "name": entry["name"]}

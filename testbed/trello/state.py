"""Every change that can be made to what the stand-in remembers. No HTTP in here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from testbed.trello import shapes
from testbed.trello.memory import Memory
from testbed.trello.shapes import Json

_RECORDED = ("closed", "name", "desc", "due", "dueComplete", "start")


class TrelloState(Memory):
    """Boards, lists, cards and their actions, in memory."""

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


def _by_pos(entries: Iterable[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: (entry["pos"], entry["id"]))


def _named(entry: Json) -> Json:
    return {"id": entry["id"], "name": entry["name"]}

"""Trello as the board: lists are the columns, actions the events.

Source: https://developer.atlassian.com/cloud/trello/rest/ ; a test holds every request to the vendor's OpenAPI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote

from boardhand_api import pool
from boardhand_operator.answers import Vendor
from boardhand_operator.boards import Card, Comment
from boardhand_operator.boards.text import shorten
from boardhand_operator.boards.trello_lists import Lists
from boardhand_operator.boards.trello_log import ENTERING, Entry, Json, birth, comments, entries
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.transport import Client, Connection, segment

API = "https://api.trello.com/1"
CARD_FIELDS = "closed,desc,idList,idShort,labels,name,shortUrl"
COMMENT_LIMIT = 16384
PAGES = (100, 1000, 1000, 1000, 1000)
"""Sizes of the pages of the board's actions that one poll reads at most: a further one where a card is missing."""
LOOKUPS = 50
"""Cards older than those pages whose own actions one poll reads; the others wait for the next poll."""
CARD_PAGE, CARD_PAGES = 50, 20
"""Size and number of the pages that Trello has of a card's actions."""


class TrelloBoard:
    """One Trello board with a key and a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("key", "token")
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the credentials cannot be sent."""
        key, token = credentials["key"].strip(), credentials["token"].strip()
        secret = spec.secret_ref.name
        vendor = Vendor(
            "Trello",
            f"Trello refused the key and token in Secret {secret}: make a new token and put it under the key `token`.",
            f"The account of the token in Secret {secret} may not do this: make it a normal member of board "
            f"{spec.board}, and its token one with scope read,write.",
            ("permission requested",),
        )
        # In a header, not in the query, where logs and proxies would keep them.
        oauth = f'OAuth oauth_consumer_key="{quote(key, safe="")}", oauth_token="{quote(token, safe="")}"'
        self._http = Client(vendor, spec.url or API, {"authorization": oauth}, [key, token], connection)
        self._spec = spec
        self._board = f"/boards/{segment(spec.board)}"
        self._lists = Lists(self._http, spec.board)
        self._me: str | None = None
        self._old: dict[tuple[str, str], Entry] = {}

    async def check(self) -> None:
        """See `Board.check`: three requests."""
        columns = self._spec.columns
        await self._our_id()
        board = await self._board_data()
        if board.get("closed"):
            raise Misconfigured("BoardClosed", f"Trello board {self._spec.board} is closed: reopen it.")
        await self._lists.refresh()
        wanted = [columns.ready, columns.in_progress, columns.review, *filter(None, [columns.failed])]
        if wanted.count(columns.ready) > 1:
            raise Misconfigured(
                "ColumnTwice",
                f"The ready column {columns.ready!r} also has another meaning in spec.board.columns.",
            )
        for name in wanted:
            self._lists.known(name)

    async def ready(self, limit: int | None = None) -> list[Card]:
        """See `Board.ready`: two requests, one where the column is empty."""
        column = self._spec.columns.ready
        list_id = await self._lists.id_of(column)
        found = await self._http.get(f"read column {column!r}", f"/lists/{segment(list_id)}/cards")
        cards = [card for card in found if not card["closed"] and self._labelled(card)]
        known = await self._entries(cards, list_id) if cards else {}
        ready = [_card(card, column, known[card["id"]]) for card in cards if card["id"] in known]
        return sorted(ready, key=lambda card: (card.entered_at, card.event))[:limit]

    async def read(self, ticket_id: str) -> Card | None:
        """See `Board.read`: one request, more where the card was much talked about since it entered its list."""
        kinds = ",".join(("commentCard", *ENTERING))
        card = await self._card(ticket_id, CARD_FIELDS, kinds)
        if card is None or card["closed"]:
            return None
        column = await self._lists.name_of(card["idList"])
        if column is None:
            return None
        actions: list[Json] = []
        known: dict[str, Entry] = {}
        fresh: list[Json] = []
        for page in range(CARD_PAGES):
            fresh = await self._actions(ticket_id, kinds, page) if page else card["actions"]
            actions += fresh
            known = entries(actions, card["idList"])
            if known or len(fresh) < CARD_PAGE:
                break
        said = tuple(comments(actions, await self._our_id()))
        entry = known.get(card["id"]) or birth(card["id"])
        return replace(_card(card, column, entry), comments=said, all_comments=len(fresh) < CARD_PAGE)

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: the newest thousand, which is what Trello gives; 50 a request."""
        actions: dict[str, Json] = {}
        for page in range(CARD_PAGES):
            fresh = await self._actions(ticket_id, "commentCard", page)
            # By id, since what is written while pages are read shifts an action onto the next page again.
            actions |= {action["id"]: action for action in fresh}
            if len(fresh) < CARD_PAGE:
                break
        return comments(actions.values(), await self._our_id())

    async def comment(self, ticket_id: str, text: str) -> str:
        """See `Board.comment`."""
        path = f"/cards/{segment(ticket_id)}/actions/comments"
        made = await self._http.send("POST", f"comment on card {ticket_id}", path, _fitting(text))
        return str(made["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """See `Board.edit_comment`."""
        path = f"/cards/{segment(ticket_id)}/actions/{segment(comment_id)}/comments"
        await self._http.send("PUT", f"edit comment {comment_id} of card {ticket_id}", path, _fitting(text))

    async def column_of(self, ticket_id: str) -> str | None:
        """See `Board.column_of`."""
        card = await self._card(ticket_id, "closed,idList")
        return None if card is None or card["closed"] else await self._lists.name_of(card["idList"])

    async def members(self, column: str) -> set[str]:
        """See `Board.members`: one request."""
        list_id = await self._lists.id_of(column)
        params = {"fields": "closed"}
        cards = await self._http.get(f"read who is in {column!r}", f"/lists/{segment(list_id)}/cards", params)
        return {str(card["id"]) for card in cards if not card["closed"]}

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`."""
        list_id = await self._lists.id_of(column)
        path, operation = f"/cards/{segment(ticket_id)}", f"move card {ticket_id} to {column!r}"
        if seen_in is None:
            card = await self._http.get(operation, path, {"fields": "closed,idList"})
            seen_in = await self._lists.name_of(card["idList"])
        if seen_in != column:
            await self._http.send("PUT", operation, path, {"idList": list_id})

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # Cards and what happened to them

    async def _our_id(self) -> str:
        if self._me is None:
            me = await self._http.get("read whose token this is", "/members/me", {"fields": "id"})
            self._me = str(me["id"])
        return self._me

    async def _board_data(self) -> Json:
        operation = f"read board {self._spec.board}"
        try:
            board: Json = await self._http.get(operation, self._board, {"fields": "closed,name", "lists": "none"})
        except (NotFound, Rejected, PermissionMissing) as failed:
            raise Misconfigured(
                "BoardMissing",
                f"Trello has no board {self._spec.board} that the account of the token in Secret "
                f"{self._spec.secret_ref.name} may see ({failed.message}): correct spec.board.board, or "
                "invite the account to the board.",
            ) from failed
        return board

    async def _card(self, ticket_id: str, fields: str, actions: str | None = None) -> Json | None:
        operation = f"read card {ticket_id}"
        params = {"fields": fields} | ({"actions": actions, "actions_limit": str(CARD_PAGE)} if actions else {})
        try:
            card: Json = await self._http.get(operation, f"/cards/{segment(ticket_id)}", params)
        except NotFound:
            return None
        return card

    async def _actions(self, card_id: str, kinds: str, page: int = 0) -> list[Json]:
        params = {"filter": kinds, "page": str(page)}
        path = f"/cards/{segment(card_id)}/actions"
        actions: list[Json] = await self._http.get(f"read what happened to card {card_id}", path, params)
        return actions

    def _labelled(self, card: Json) -> bool:
        return self._spec.label is None or self._spec.label in _labels(card)

    async def _entries(self, cards: list[Json], list_id: str) -> dict[str, Entry]:
        """The event by which each card came: of the board's log, and of the card's own where that is too long."""
        # The date of the last activity is part of the key: a card that left and came back is looked up again.
        keys = {card["id"]: (card["id"], card["dateLastActivity"]) for card in cards}
        self._old = {key: entry for key, entry in self._old.items() if key in keys.values()}
        missing = {id_ for id_, key in keys.items() if key not in self._old}
        found = await self._logged(missing, list_id)
        for id_ in sorted(missing - found.keys())[:LOOKUPS]:
            own = entries(await self._actions(id_, ",".join(ENTERING)), list_id)
            self._old[keys[id_]] = own.get(id_) or birth(id_)
        return {id_: self._old[key] for id_, key in keys.items() if key in self._old} | found

    async def _logged(self, wanted: set[str], list_id: str) -> dict[str, Entry]:
        """The events in the board's log, read backwards until all wanted cards are found or PAGES are read."""
        found: dict[str, Entry] = {}
        params = {"filter": ",".join(ENTERING), "fields": "data,date,type", "memberCreator": "false"}
        for size in PAGES:
            operation = f"read what happened on board {self._spec.board}"
            params["limit"] = str(size)
            page: list[Any] = await self._http.get(operation, f"{self._board}/actions", params)
            found = entries(page, list_id) | found
            if len(page) < size or wanted <= found.keys():
                break
            params["before"] = page[-1]["id"]
        return found


def _fitting(text: str) -> dict[str, str]:
    # In the body: Trello reads parameters there as well, and an address has no room for 16,384 characters.
    return {"text": shorten(text, COMMENT_LIMIT)}


def _labels(card: Json) -> tuple[str, ...]:
    return tuple(label.get("name") or label.get("color") or "" for label in card["labels"])


def _card(card: Json, column: str, entry: Entry) -> Card:
    return Card(
        id=card["id"],
        key=f"#{card['idShort']}",
        url=card["shortUrl"],
        title=card["name"],
        body=card["desc"],
        labels=_labels(card),
        event=entry.event,
        entered_at=entry.at,
        column=column,
    )

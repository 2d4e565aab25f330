"""Trello as the board: lists are the columns, actions the events.

Source: https://developer.atlassian.com/cloud/trello/rest/ ; a test holds every request to the vendor's OpenAPI.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from boardhand_api import pool
from boardhand_operator.boards import Card, Comment, Look, Said
from boardhand_operator.boards.text import shorten
from boardhand_operator.boards.trello.batch import together
from boardhand_operator.boards.trello.check import check_membership, check_spec, columns_of
from boardhand_operator.boards.trello.entries import Entered, card_actions
from boardhand_operator.boards.trello.hooks import SECRET, signed, subscribe
from boardhand_operator.boards.trello.lists import Lists
from boardhand_operator.boards.trello.log import ENTERING, Entry, Json, author, birth, comments, entries
from boardhand_operator.boards.trello.said import people, route, said_since
from boardhand_operator.boards.trello.structure import STRUCTURE, labels, ticket, with_structure
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection, segment

API = "https://api.trello.com/1"
CARD_FIELDS = "closed,desc,idList,idShort,labels,name,shortUrl"
COMMENT_LIMIT = 16384
CARD_PAGE, CARD_PAGES = 50, 20
"""Size and number of the pages that Trello has of a card's actions."""


class TrelloBoard:
    """One Trello board with a key and a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("key", "token")
    comment_limit = COMMENT_LIMIT

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises Misconfigured where the credentials cannot be sent."""
        key, token = credentials["key"].strip(), credentials["token"].strip()
        secret = spec.secret_name
        vendor = Vendor(
            "Trello",
            f"Trello refused the key and token in Secret {secret}: make a new token and put it under the key `token`.",
            f"The account of the token in Secret {secret} may not do this: make it a normal member of board "
            f"{spec.board}, and its token one with scope read,write.",
            ("permission requested",),
        )
        # In a header, not in the query, where logs and proxies would keep them.
        oauth = f'OAuth oauth_consumer_key="{quote(key, safe="")}", oauth_token="{quote(token, safe="")}"'
        self._http = Client(
            vendor,
            spec.url or API,
            {"authorization": oauth},
            [key, token, credentials.get(SECRET, "").strip()],
            connection,
        )
        self._spec = spec
        self._token, self._webhook_secret = token, credentials.get(SECRET, "").strip()
        self._board = f"/boards/{segment(spec.board)}"
        self._lists = Lists(self._http, spec.board)
        self._me: str | None = None
        self._entered = Entered(self._http, spec.board)

    async def check(self) -> None:
        """See `Board.check`: four requests."""
        check_spec(self._spec)
        our_id, board = await self._our_id(), await self._board_data()
        if board.get("closed"):
            raise Misconfigured("BoardClosed", f"Trello board {self._spec.board} is closed: reopen it.")
        await self._lists.refresh()
        for name in columns_of(self._spec):
            self._lists.known(name)
        await check_membership(self._http, self._spec, our_id)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """See `Board.look`: one request, a second one where cards of the ready column changed since the last two."""
        ready = self._spec.columns.ready
        names = [ready, *sorted(set(columns) - {ready})]
        lists, cards, said = await self._cards_in(names, since)
        here = [card for card in cards[0] if not card["closed"] and self._labelled(card)]
        known = await self._entered.of(here, lists[0])
        found = [ticket(card, ready, known[card["id"]]) for card in here if card["id"] in known]
        members = {
            name: frozenset(str(card["id"]) for card in some if not card["closed"])
            for name, some in zip(names, cards, strict=True)
        }
        return Look(sorted(found, key=lambda card: (card.entered_at, card.event)), members, said)

    async def people(self) -> dict[str, str]:
        """See `Board.people`: one request."""
        return await people(self._http, self._spec.board)

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
            fresh = await card_actions(self._http, ticket_id, kinds, page) if page else card["actions"]
            actions += fresh
            known = entries(actions, card["idList"])
            if known or len(fresh) < CARD_PAGE:
                break
        our_id, (author_id, name) = await self._our_id(), author(actions)
        entry = known.get(card["id"]) or birth(card["id"])
        return replace(
            with_structure(ticket(card, column, entry), card),
            comments=tuple(comments(actions, our_id)),
            all_comments=len(fresh) < CARD_PAGE,
            author=name,
            author_id=author_id,
            mover=entry.by_name,
            moved_by=entry.by,
            moved_by_us=entry.by == our_id,
        )

    async def comments(self, ticket_id: str) -> list[Comment]:
        """See `Board.comments`: the newest thousand, which is what Trello gives; 50 a request."""
        actions: dict[str, Json] = {}
        for page in range(CARD_PAGES):
            fresh = await card_actions(self._http, ticket_id, "commentCard", page)
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

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """See `Board.move`."""
        list_id = await self._lists.id_of(column)
        path, operation = f"/cards/{segment(ticket_id)}", f"move card {ticket_id} to {column!r}"
        if seen_in is None:
            card = await self._http.get(operation, path, {"fields": "closed,idList"})
            seen_in = await self._lists.name_of(card["idList"])
        if seen_in != column:
            await self._http.send("PUT", operation, path, {"idList": list_id})

    async def subscribe(self, before: str = "") -> None:
        """See `Board.subscribe`: two requests, a third one where there is no webhook yet."""
        if self._spec.webhook is None:
            return
        if not self._webhook_secret:
            raise Misconfigured(
                "SecretKeyMissing",
                f"spec.board.webhook: Secret {self._spec.secret_name} lacks the key {SECRET!r}: put the secret of "
                "the Trello application there (on the page with its key), by which Trello signs its calls.",
            )
        board = await self._board_data()
        await subscribe(self._http, self._token, str(board["id"]), self._spec.webhook.callback_url, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        if self._spec.webhook is None or not self._webhook_secret:
            return False
        return signed(self._webhook_secret, self._spec.webhook.callback_url, headers, body)

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
                f"{self._spec.secret_name} may see ({failed.message}): correct spec.board.board, or "
                "invite the account to the board.",
            ) from failed
        return board

    async def _card(self, ticket_id: str, fields: str, actions: str | None = None) -> Json | None:
        operation = f"read card {ticket_id}"
        whole = {"actions": actions, "actions_limit": str(CARD_PAGE), **STRUCTURE} if actions else {}
        params = {"fields": fields, **whole}
        try:
            card: Json = await self._http.get(operation, f"/cards/{segment(ticket_id)}", params)
        except NotFound:
            return None
        return card

    async def _cards_in(
        self, names: Sequence[str], since: datetime | None
    ) -> tuple[list[str], list[list[Json]], tuple[Said, ...]]:
        """The lists of these names and the cards in each: all of the first one's, of the others who is there. And what
        was said since then."""
        log = [route(self._spec.board, since)] if since else []
        while True:
            lists = [await self._lists.last_id_of(name) for name in names]
            fields = ["", *["?fields=closed"] * (len(names) - 1)]
            routes = [f"/lists/{segment(id_)}/cards{more}" for id_, more in zip(lists, fields, strict=True)]
            old = self._lists.old
            found = await together(
                self._http, f"read columns {', '.join(names)}", [*routes, *log, *([self._lists.route] if old else [])]
            )
            cards, more = found[: len(routes)], found[len(routes) :]
            if old:
                self._lists.learn(more.pop())
            # A name that stands on another list by now: read that one.
            if not old or [self._lists.known(name) for name in names] == lists:
                return lists, cards, await self._said(since, more[0]) if since else ()

    async def _said(self, since: datetime, newest: list[Json]) -> tuple[Said, ...]:
        return await said_since(self._http, self._spec.board, since, newest, await self._our_id())

    def _labelled(self, card: Json) -> bool:
        return self._spec.label is None or self._spec.label in labels(card)


def _fitting(text: str) -> dict[str, str]:
    # In the body: Trello reads parameters there as well, and an address has no room for 16,384 characters.
    return {"text": shorten(text, COMMENT_LIMIT)}

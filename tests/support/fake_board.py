"""A board in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from boardhand_operator.boards import Card, Comment, Edit, Look, Said
from boardhand_operator.errors import Misconfigured, NotFound
from tests.support.fuse import Fuse

READY, DOING, REVIEW, FAILED = "Sprint Backlog", "In Progress", "In Review", "Failed"


@dataclass
class FakeBoard:
    """Cards, comments and every move that was made. `comment` and `move` write anew each time they are asked."""

    fuse: Fuse = field(default_factory=Fuse)
    cards: dict[str, Card] = field(default_factory=dict)
    said: dict[str, list[Comment]] = field(default_factory=dict)
    moves: list[tuple[str, str]] = field(default_factory=list)
    """Card and column of each move that changed something."""
    edits: list[str] = field(default_factory=list)
    """Ids of comments that were changed."""
    subscribed: int = 0
    """How often a webhook was seen to."""
    renewed: list[str] = field(default_factory=list)
    """Addresses of webhooks that became another one."""
    unreachable: bool = False
    """Whether the board cannot reach the webhook's address."""
    columns: tuple[str, ...] = (READY, DOING, REVIEW, FAILED)

    credential_keys: ClassVar[tuple[str, ...]] = ()
    _ticks: int = 0

    @property
    def comment_limit(self) -> int:
        return 16384

    def add(self, card_id: str, title: str = "Fix the cart", column: str = READY, by: str = "ada") -> Card:
        """What a person does: a new card."""
        number = len(self.cards) + 1
        entered, event = self._now(), f"event-{self._ticks}"
        url = f"http://board.test/c/{number}"
        card = Card(card_id, f"#{number}", url, title, "As the title says.", (), event, entered, column)
        card = replace(card, author=by.title(), author_id=f"id-{by}", mover=by.title(), moved_by=f"id-{by}")
        self.cards[card_id] = card
        self.said[card_id] = []
        return card

    def put(self, card_id: str, column: str, by: str = "ada", us: bool = False) -> None:
        """Move a card, whoever does it: a move is an event."""
        entered = self._now()
        moved = replace(self.cards[card_id], column=column, entered_at=entered, event=f"event-{self._ticks}")
        self.cards[card_id] = replace(moved, mover=by.title(), moved_by="us" if us else f"id-{by}", moved_by_us=us)
        self.moves.append((card_id, column))

    async def check(self) -> None:
        async with self.fuse.call("check the board"):
            return

    def edit(self, card_id: str, body: str, by: str = "ada") -> None:
        """What a person does: another description."""
        card, now = self.cards[card_id], self._now()
        edits = (*card.edits, Edit(f"id-{by}", by.title(), now))
        self.cards[card_id] = replace(card, body=body, edits=edits)

    def say(self, card_id: str, text: str, author: str = "ada") -> Comment:
        """What a person does: a comment."""
        now = self._now()
        said = Comment(f"comment-{self._ticks:04}", author.title(), f"id-{author}", text, now, False)
        self._comments(card_id).append(said)
        return said

    async def people(self) -> dict[str, str]:
        async with self.fuse.call("read the members"):
            return {"id-ada": "ada", "id-bob": "bob", "us": "boardhand"}

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        async with self.fuse.call("look at the board"):
            inside = {
                column: frozenset(card.id for card in self.cards.values() if card.column == column)
                for column in {READY, *columns}
            }
            ready = [card for card in self.cards.values() if card.column == READY]
            said = [Said(card, one) for card, some in self.said.items() for one in some]
            new = tuple(one for one in said if since and one.comment.created_at >= since)
            return Look(sorted(ready, key=lambda card: card.entered_at), inside, new)

    async def read(self, ticket_id: str) -> Card | None:
        async with self.fuse.call("read a card"):
            card = self.cards.get(ticket_id)
            return replace(card, comments=tuple(self.said[ticket_id]), all_comments=True) if card else None

    async def comments(self, ticket_id: str) -> list[Comment]:
        async with self.fuse.call("read comments"):
            return list(self._comments(ticket_id))

    async def comment(self, ticket_id: str, text: str) -> str:
        async with self.fuse.call("comment"):
            now = self._now()
            said = Comment(f"comment-{self._ticks:04}", "Boardhand", "us", text, now, True)
            self._comments(ticket_id).append(said)
            return said.id

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        async with self.fuse.call("edit a comment"):
            self.edits.append(comment_id)
            said = self._comments(ticket_id)
            said[:] = [replace(one, text=text) if one.id == comment_id else one for one in said]

    async def column_of(self, ticket_id: str) -> str | None:
        async with self.fuse.call("read the column"):
            card = self.cards.get(ticket_id)
            return card.column if card else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        async with self.fuse.call("move"):
            if column not in self.columns:
                raise Misconfigured("ColumnMissing", f"there is no column {column}")
            if ticket_id not in self.cards:
                raise NotFound("Board", "move a card", "it is gone")
            if self.cards[ticket_id].column != column:
                self.put(ticket_id, column, "boardhand", us=True)

    async def subscribe(self, before: str = "") -> None:
        async with self.fuse.call("subscribe"):
            if self.unreachable:
                raise Misconfigured("WebhookRefused", "the board cannot reach the operator")
            self.subscribed += 1
            self.renewed += [before] if before else []

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("x-signature", "").encode() == body[::-1]

    async def aclose(self) -> None:
        return

    def texts(self, card_id: str) -> list[str]:
        """What is said on a card."""
        return [comment.text for comment in self.said[card_id]]

    def _comments(self, ticket_id: str) -> list[Comment]:
        if ticket_id not in self.cards:
            raise NotFound("Board", "read comments", "the card is gone")
        return self.said[ticket_id]

    def _now(self) -> datetime:
        self._ticks += 1
        return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=self._ticks)

"""What Boardhand needs of a task board, whichever it is.

An implementation is a class that takes `(spec, credentials, connection)`, does no I/O in its constructor, and is
registered in the entry point group `boardhand.boards` under the name that `spec.board.type` gives. Everything it
raises is in `boardhand_operator.errors`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, cast

from boardhand_api import pool
from boardhand_operator.comment import Comment as Comment
from boardhand_operator.http.transport import Connection
from boardhand_operator.plugins import implementation, require_keys

ENTRY_POINTS = "boardhand.boards"


@dataclass(frozen=True)
class Item:
    """One line of a checklist."""

    text: str
    done: bool


@dataclass(frozen=True)
class Checklist:
    """A list of things to do that the board keeps beside the description."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Attachment:
    """A file of a ticket; it is never fetched."""

    name: str
    url: str


@dataclass(frozen=True)
class Link:
    """A page or another ticket that a ticket is related to."""

    title: str
    url: str
    by: str | None = None
    """Id of who made it, where others than members can; its title may be theirs. None: only members can."""


@dataclass(frozen=True)
class Said:
    """A comment, and on which ticket it stands."""

    ticket: str
    comment: Comment


@dataclass(frozen=True)
class Edit:
    """A change of a ticket's title or description."""

    by: str
    """Id of who made it; empty where that is not known."""
    name: str
    at: datetime


@dataclass(frozen=True)
class Card:
    """A ticket as the board has it now."""

    id: str
    key: str
    """The short form people use, such as #12."""
    url: str
    title: str
    body: str
    """The description, Markdown."""
    labels: tuple[str, ...]
    event: str
    """The board event that put it into the column where it is."""
    entered_at: datetime
    """When that was, by the board's clock."""
    column: str
    """Name of the column."""
    comments: tuple[Comment, ...] = ()
    """Oldest first. Only `Board.read` fills it in."""
    all_comments: bool = False
    """Whether these are all there are; else at least those since the ticket entered its column."""
    priority: str = ""
    """The board's own word for it, where it has one."""
    checklists: tuple[Checklist, ...] = ()
    """Only `Board.read` fills in these three."""
    attachments: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()
    author: str = ""
    """Name of who wrote it. Only `Board.read` fills in this and what follows; empty: the board does not tell."""
    author_id: str = ""
    mover: str = ""
    """Name of who put it into the column where it is, by `event`."""
    moved_by: str = ""
    """Their id."""
    moved_by_us: bool = False
    """Whether that was the account of the pool's credentials."""
    edits: tuple[Edit, ...] = ()
    """The changes of title and description that the board tells of, oldest first; ours are left out."""


@dataclass(frozen=True)
class Look:
    """What one poll saw. Cards may already be somewhere else."""

    ready: list[Card]
    """The tickets in the ready column that bear the pool's label, the one that entered first leading; without
    comments."""
    members: Mapping[str, frozenset[str]]
    """For each column that was asked for, and the ready one, the ids of its tickets, whatever their label."""
    said: tuple[Said, ...] = ()
    """The comments on the whole board since the moment that was asked for."""


class Board(Protocol):
    """A board, with the credentials of one pool."""

    credential_keys: ClassVar[tuple[str, ...]]
    """Keys that the Secret must have."""

    @property
    def comment_limit(self) -> int:
        """A comment may have so many UTF-16 code units; a longer one is cut, and says so."""
        ...

    async def check(self) -> None:
        """See that credentials, board and columns are good; nothing is written.

        Raises Misconfigured (which names the columns there are), CredentialsRefused, PermissionMissing, and what
        says that the board cannot be asked now.
        """
        ...

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        """The ready column, who is in these columns, and what was said since then: one request where nothing changed
        and the API allows.

        However many tickets the board has, only those of the named columns are read. since: by the board's clock; None:
        comments are not read. Raises Misconfigured where there is no such column.
        """
        ...

    async def people(self) -> Mapping[str, str]:
        """The board's members who may do more than look: their unique names by their ids."""
        ...

    async def read(self, ticket_id: str) -> Card | None:
        """The ticket with its newest comments, or None where it is deleted or archived."""
        ...

    async def comments(self, ticket_id: str) -> list[Comment]:
        """All comments, oldest first. Raises NotFound where the ticket is deleted."""
        ...

    async def comment(self, ticket_id: str, text: str) -> str:
        """Write a comment; its id. Not idempotent: after RemoteUnavailable it may be there."""
        ...

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        """Replace the text of a comment of ours."""
        ...

    async def column_of(self, ticket_id: str) -> str | None:
        """Name of the column where the ticket is, or None where it is deleted, archived or on another board."""
        ...

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        """Move the ticket to the column of that name; nothing is sent where it is there already.

        seen_in: the column where it was read a moment ago, which saves asking again. Raises Misconfigured where there
        is no such column, NotFound where the ticket is deleted.
        """
        ...

    async def subscribe(self, before: str = "") -> None:
        """See that the board calls `spec.board.webhook` at changes: looked up first, so twice is once.

        before: where a webhook of ours leads that was given another secret, or another address: it becomes this one.

        Raises Misconfigured where the Secret lacks what proves a call, or the board cannot reach the address.
        """
        ...

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the board itself sent this to the webhook. Pure; headers: by their names in any case."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Teams(Protocol):
    """A board that knows teams."""

    async def team(self, name: str) -> frozenset[str]:
        """Ids of a team's members, at most a thousand. Raises Misconfigured where there is no such team."""
        ...


class BoardType(Protocol):
    """What an entry point names."""

    credential_keys: ClassVar[tuple[str, ...]]

    def __call__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> Board: ...


def open_board(spec: pool.Board, credentials: Mapping[str, str], connection: Connection | None = None) -> Board:
    """The board of a pool; nothing is sent yet.

    credentials: the data of the Secret `spec.secretRef`, decoded. Raises Misconfigured where the type is not
    installed or the Secret lacks a key.
    """
    kind = cast(BoardType, implementation(ENTRY_POINTS, spec.type, "spec.board.type"))
    require_keys(credentials, kind.credential_keys, spec.secret_name, "spec.board.secretRef")
    return kind(spec, credentials, connection or Connection())

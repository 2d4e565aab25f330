"""What the cases of every board need of it: a bench, which plays the vendor and the people there."""

from __future__ import annotations

from typing import Any, Protocol

from boardhand_operator.boards import Board, Checklist, Item
from boardhand_operator.boards.claims import Claimant
from tests.contract.hook_bench import HookBench

READY, DOING, REVIEW, DONE = "Sprint Backlog", "In Progress", "In Review", "Done"
COLUMNS = (READY, DOING, REVIEW, DONE)
STEPS: tuple[Checklist, ...] = (Checklist("Steps", (Item("one", True), Item("two", False))),)
NO_CHECKLISTS: tuple[Checklist, ...] = ()
RUN = Claimant("run", "uid", "e1", "shop", "uid-shop")
RIVAL = Claimant("rival", "uid-rival", "e1", "shop", "uid-shop")


class BoardBench(HookBench, Protocol):
    """A fresh board with the four columns and a label `bot`, and what a person named ada does there."""

    person: str
    """Who ada is to the board."""
    comment_written: str
    """Pattern of the place (see `Wire`) of the request that writes a comment."""
    moved: str
    """That of the first write of a move."""
    page: int
    """More tickets than a page of the vendor's list has."""
    full_page: int
    """So many tickets fill a page of the vendor's list, and none is over."""
    nowhere: str
    """What spec.board.board may be and nobody has."""
    has: frozenset[str]
    """What the vendor keeps beside the description: of attachments, links, priority, and edits: who changed
    a ticket's texts."""
    checklists: tuple[Checklist, ...]
    """Those of a ticket that was furnished, as the board is to read them; none where the vendor has no such thing."""
    markup: str
    """What descriptions and comments are stored as: markdown, adf or html."""
    filter: str
    """A spec.board.filter that the vendor understands and no ticket fits; empty where it has nothing of the kind."""

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> Board:
        """The board under test, through the wire. hook: with a webhook, its secret, and a token that may make it."""
        ...

    async def ticket(self, title: str = "A ticket", column: str = READY, body: Any = "", label: str = "") -> str:
        """A new one. body: plain text, or what `stored` gave."""
        ...

    def stored(self, markdown: str) -> Any:
        """A description that the vendor's own editor stored for this; the same text where that is Markdown."""
        ...

    async def furnish(self, ticket: str) -> None:
        """Of all that the vendor has: a checklist with "one" done and "two" not (STEPS or alike), an attachment
        "plan.pdf", a link titled "Design", the priority "High"."""
        ...

    async def put(self, ticket: str, column: str) -> None: ...

    async def edit(self, ticket: str, title: str, body: str) -> None: ...

    async def stranger(self) -> None:
        """From now on who put the tickets into the ready column is none of the board's members; what they did stays."""
        ...

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None: ...

    async def said(self, ticket: str) -> list[str]:
        """The comments' texts as Markdown, oldest first."""
        ...

    async def delete(self, ticket: str) -> None: ...

    async def archive(self, ticket: str, *, back: bool = False) -> None: ...

    async def rename(self, column: str, name: str) -> None: ...

    async def archive_column(self, column: str) -> bool:
        """Archive or close the column itself; False where the vendor has no such thing."""
        ...

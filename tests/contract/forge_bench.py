"""What the cases of every forge need of it: a bench, which plays the vendor and the people there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from boardhand_operator.forges import Forge
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from tests.contract.hook_bench import HookBench


@dataclass(frozen=True)
class Pull:
    """A pull request as the vendor has it."""

    number: int
    title: str
    """As the vendor stores it."""
    body: str
    head: str
    base: str
    state: str
    """open, closed or merged."""
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class ForgeBench(HookBench, Protocol):
    """A fresh repository with one commit on main, a label `bot` and the file README.md of at least three lines; a
    person named ada, and grace, who may be asked for reviews."""

    has: frozenset[str]
    """Of labels, labels-must-exist (the vendor makes none up), reviewers, template, drafts, reviews, judgements (we may
    approve what others opened), line-comments, checks, hooks, reopening (a closed one may be opened again),
    second-pull-request-race (the vendor itself lets two at once through); or branches-only."""
    person: str
    """Who ada is, as the forge shows her."""
    opened: str
    """Pattern of the place (see `Wire`) of the request that opens a pull request."""
    edited: str
    """That of the request that changes a title."""
    commented: str
    """That of the request that writes a comment."""
    body_limit: int
    """Characters that a description may have."""
    full_page: int
    """So many comments fill a page of the vendor's list, and none is over."""
    label: str
    """A label there is, bot unless the vendor's labels are of another kind."""
    reviewer: str
    """Grace, as spec.forge.reviewers names her."""
    clone_url: str
    nowhere: str
    """A clone address of the same forge where there is no repository."""

    def open(
        self,
        *,
        token: str | None = None,
        hook: bool = False,
        branch: str = "main",
        clone_url: str | None = None,
        **spec: Any,
    ) -> Forge:
        """The forge under test, through the wire. branch, clone_url: spec.repository's; spec: fields of spec.forge.
        hook: with a webhook, its secret, and a token that may make it."""
        ...

    # What a git client does

    async def branch(self, name: str, base: str = "main") -> str:
        """A branch with one commit more than its base, which changes README.md's first three lines; the commit."""
        ...

    async def same_branch(self, name: str) -> None:
        """A branch without a difference to main."""
        ...

    async def template(self, text: str) -> None:
        """Put a pull-request template where the vendor looks for one, on main."""
        ...

    # What people do

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        """Ada opens a pull request; its number."""
        ...

    async def pulls(self, state: str = "all") -> list[Pull]:
        """Those there are, the first made leading. state: open or all."""
        ...

    async def close(self, number: int) -> None: ...

    async def reopen(self, number: int) -> None:
        """One that was closed."""
        ...

    async def merge(self, number: int) -> None: ...

    async def put_label(self, number: int, label: str) -> None:
        """A label that there is; made where it is not."""
        ...

    async def say(self, number: int, text: str) -> None:
        """Ada writes a comment."""
        ...

    async def said(self, number: int) -> list[str]:
        """The comments' texts, oldest first."""
        ...

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        """Ada writes a review."""
        ...

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        """CI says so of a commit."""
        ...

    # What owners do to the repository; False where the vendor has no such thing

    async def archive(self) -> bool: ...

    async def switch_off(self) -> bool:
        """Pull requests are switched off."""
        ...

    async def empty(self) -> str:
        """The clone address of a repository without a commit."""
        ...

    async def rename_branch(self, name: str, to: str) -> None:
        """As a push of it under the new name, the new default branch, and the old one deleted."""
        ...

"""Pure: marks in comments of ours by which a run finds again what it wrote.

A mark is the last line of a comment, in code marks so that no Markdown editor changes it:

    `boardhand:claim:1 run=shop-3f2a uid=6b1f… event=67a0…`

Values are percent-encoded. A comment counts only where our own account wrote it, and the texts that models and
people had a hand in are made unable to end in a mark, so nobody can claim a ticket by words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote, unquote

from boardhand_operator.boards import Comment
from boardhand_operator.boards.text import shorten, units
from boardhand_operator.names import who_asked

_MARK = re.compile(r"^`boardhand:(claim|closing|command):1((?: [a-z]+=[^\s`]*)*)`$")
_SIGN = "`boardhand:"
_BROKEN_SIGN = "`boardhand\u200b:"


@dataclass(frozen=True)
class Claim:
    """A run's claim on the event that put a ticket into the ready column."""

    comment_id: str
    run: str
    uid: str
    event: str
    created_at: datetime
    pool: str = ""
    """UID of the pool: claims of other clusters and namespaces stand on the same board."""


def claim_text(run_name: str, run_uid: str, event: str, pool: str, pool_uid: str) -> str:
    """The comment by which a run takes a ticket."""
    sentence = f"Boardhand took this ticket: pool {_plain(pool)}, run {_plain(run_name)}."
    if who := who_asked(event):
        sentence += f" {_plain(who.replace('@', ' at '))} asked for it."
    return sentence + "\n\n" + _mark("claim", run=run_name, uid=run_uid, event=event, pool=pool_uid)


def find_claims(comments: Iterable[Comment]) -> list[Claim]:
    """The claims among comments of ours, the earliest first: by the board's clock, then by id, where a longer one is
    the higher number."""
    found = []
    for comment in comments:
        values = _values(comment, "claim")
        if values and {"run", "uid", "event"} <= values.keys():
            named = (values["run"], values["uid"], values["event"])
            found.append(Claim(comment.id, *named, comment.created_at, values.get("pool", "")))
    return sorted(found, key=lambda claim: (claim.created_at, len(claim.comment_id), claim.comment_id))


def lost_text(run_name: str, winner: str) -> str:
    """What a claim that came second is changed into."""
    return f"Boardhand's run {_plain(run_name)} left this ticket to run {_plain(winner)}, which was first."


def closing_text(body: str, run_uid: str, limit: int | None = None) -> str:
    """The comment with which a run ends: the body, in which no mark is left, and the run's own.

    limit: the body is cut so that the whole has at most so many UTF-16 code units.
    """
    end = "\n\n" + _mark("closing", uid=run_uid)
    said = body.replace(_SIGN, _BROKEN_SIGN).rstrip()
    return (said if limit is None else shorten(said, limit - units(end))) + end


def find_closing(comments: Iterable[Comment], run_uid: str) -> str | None:
    """Id of the run's closing comment, or None."""
    for comment in comments:
        if _values(comment, "closing").get("uid") == run_uid:
            return comment.id
    return None


@dataclass(frozen=True)
class Reply:
    """Our answer to a command in a comment."""

    to: str
    """Id of the comment."""
    money: Decimal | None
    """US dollars that it allows the next attempt."""
    created_at: datetime
    plan: str = ""
    """Digest of the plan that the command approved."""


def reply_text(body: str, comment_id: str, money: Decimal | None = None, plan: str = "") -> str:
    """The comment that answers a command."""
    more = ({} if money is None else {"money": str(money)}) | ({"plan": plan} if plan else {})
    return body.replace(_SIGN, _BROKEN_SIGN) + "\n\n" + _mark("command", comment=comment_id, **more)


def find_replies(comments: Iterable[Comment]) -> list[Reply]:
    """The answers to commands among comments of ours, in their order."""
    found = ((comment, _values(comment, "command")) for comment in comments)
    return [
        Reply(values["comment"], _amount(values.get("money", "")), comment.created_at, values.get("plan", ""))
        for comment, values in found
        if "comment" in values
    ]


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", text) else None


def without_marker(comment: Comment) -> str:
    """A comment's text as who works on the ticket wants it: a closing comment is all but its mark, and a claim or an
    answer to a command is nothing to read."""
    kind, _ = _parse(comment.text)
    if kind in ("claim", "command"):
        return ""
    return comment.text.rstrip().rpartition("\n")[0].rstrip() if kind else comment.text


def _mark(kind: str, **values: str) -> str:
    pairs = "".join(f" {name}={quote(value, safe='')}" for name, value in values.items())
    return f"`boardhand:{kind}:1{pairs}`"


def _values(comment: Comment, kind: str) -> dict[str, str]:
    found, values = _parse(comment.text)
    return values if comment.by_us and found == kind else {}


def _parse(text: str) -> tuple[str | None, dict[str, str]]:
    match = _MARK.match(text.rstrip().rpartition("\n")[2].strip())
    if not match:
        return None, {}
    pairs = (pair.split("=", 1) for pair in match[2].split())
    return match[1], {name: unquote(value) for name, value in pairs}


def _plain(name: str) -> str:
    return re.sub(r"[^\w.\-/ ]", "", name)

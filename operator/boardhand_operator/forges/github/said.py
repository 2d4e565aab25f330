"""What is said of a pull request: comments, and reviews with their lines.

Sources: https://docs.github.com/rest/issues/comments , https://docs.github.com/rest/pulls/reviews
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardhand_operator.comment import Comment
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.forges.github.at import At, Json
from boardhand_operator.forges.github.pulls import BODY
from boardhand_operator.forges.text import fitting
from boardhand_operator.reviews import Judgement, LineComment, Review

_EVENTS = {
    Judgement.APPROVED: "APPROVE",
    Judgement.CHANGES_WANTED: "REQUEST_CHANGES",
    Judgement.COMMENTED: "COMMENT",
}
_STATES = {"APPROVED": Judgement.APPROVED, "CHANGES_REQUESTED": Judgement.CHANGES_WANTED}
_GHOST: Json = {"login": "ghost", "id": 0}
"""Stands for an account that was deleted."""


async def write_comment(at: At, number: int, text: str) -> str:
    """Write it; its id."""
    path = f"{at.root}/issues/{number}/comments"
    made = await at.http.send("POST", f"comment on pull request {number}", path, {"body": fitting(text, BODY)})
    return str(made["id"])


async def comments(at: At, number: int, us: str) -> list[Comment]:
    """Oldest first; us: the name of our account."""
    found = await at.all(f"read the comments on pull request {number}", f"/issues/{number}/comments")
    return [_comment(one, us) for one in sorted(found, key=lambda one: (one["created_at"], one["id"]))]


def _comment(found: Json, us: str) -> Comment:
    author = found["user"] or _GHOST
    return Comment(
        id=str(found["id"]),
        author=author["login"],
        author_id=str(author["id"]),
        text=found.get("body") or "",
        created_at=parse_time(found["created_at"]),
        by_us=author["login"].casefold() == us.casefold(),
    )


async def write_review(at: At, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment]) -> str:
    """Write it; its id. What is said of a whole file goes into the text: GitHub takes it nowhere else in a review."""
    whole = [f"`{line.path}`: {line.text}" for line in lines if line.line <= 0]
    said = fitting("\n\n".join(filter(None, [text, *whole])), BODY)
    body: dict[str, Any] = {"event": _EVENTS[judgement], "body": said}
    placed = [
        {"path": line.path, "line": line.line, "side": "RIGHT", "body": fitting(line.text, BODY)}
        for line in lines
        if line.line > 0
    ]
    if placed:
        body["comments"] = placed
    made = await at.http.send("POST", f"review pull request {number}", f"{at.root}/pulls/{number}/reviews", body)
    return str(made["id"])


async def reviews(at: At, number: int, us: str) -> list[Review]:
    """Oldest first; those that are not submitted yet are nobody else's to see."""
    found = await at.all(f"read the reviews of pull request {number}", f"/pulls/{number}/reviews")
    lines: dict[int | None, list[LineComment]] = {}
    for one in await at.all(f"read the lines of the reviews of {number}", f"/pulls/{number}/comments"):
        lines.setdefault(one["pull_request_review_id"], []).append(_line(one))
    given = [_review(one, lines.get(one["id"], []), us) for one in found if one.get("submitted_at")]
    return sorted(given, key=lambda one: (one.created_at, int(one.id)))


def _line(found: Json) -> LineComment:
    # Of a line that is gone, `line` is null; on the left side it counts in the old file.
    line = (found.get("line") or 0) if found.get("side") != "LEFT" else 0
    return LineComment(found["path"], line, found["body"])


def _review(found: Json, lines: Sequence[LineComment], us: str) -> Review:
    author = found["user"] or _GHOST
    return Review(
        id=str(found["id"]),
        author=author["login"],
        author_id=str(author["id"]),
        judgement=_STATES.get(found["state"], Judgement.COMMENTED),
        text=found["body"] or "",
        lines=tuple(lines),
        created_at=parse_time(found["submitted_at"]),
        by_us=author["login"].casefold() == us.casefold(),
    )

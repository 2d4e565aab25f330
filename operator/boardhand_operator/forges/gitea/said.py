"""Comments and reviews of Gitea's pull requests."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.boards.text import shorten
from boardhand_operator.comment import Comment
from boardhand_operator.errors import Rejected, RemoteUnavailable
from boardhand_operator.forges.gitea.at import At
from boardhand_operator.forges.gitea.diff import lines_shown
from boardhand_operator.reviews import Judgement, LineComment, Review
from boardhand_operator.vendors.gitea.comments import comment, moment
from boardhand_operator.vendors.gitea.pages import Json

TEXT_LIMIT = 65536
"""Ours, in UTF-16 code units: Gitea itself takes longer ones."""
CUT = "\n\n*(cut here: the forge takes no longer text)*"
EVENTS = {
    Judgement.APPROVED: "APPROVED",
    Judgement.CHANGES_WANTED: "REQUEST_CHANGES",
    Judgement.COMMENTED: "COMMENT",
}
_JUDGEMENTS = {state: judgement for judgement, state in EVENTS.items()}


async def write_comment(at: At, number: int, text: str) -> str:
    """See `Forge.comment`."""
    path, body = f"{at.root}/issues/{number}/comments", {"body": shorten(text, TEXT_LIMIT, CUT)}
    try:
        made: Json = await at.http.send("POST", f"comment on pull request {number}", path, body)
    except RemoteUnavailable:
        await _see_that_it_is_there(at, number)
        raise
    return str(made["id"])


async def comments(at: At, number: int) -> list[Comment]:
    """See `Forge.comments`: Gitea gives all of them at once, reviews not among them."""
    our_id = await at.our_id()
    try:
        path = f"{at.root}/issues/{number}/comments"
        found: list[Json] = await at.http.get(f"read the comments of pull request {number}", path)
    except RemoteUnavailable:
        await _see_that_it_is_there(at, number)
        raise
    return [comment(entry, our_id) for entry in found]


async def write_review(at: At, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment]) -> str:
    """See `Forge.review`. Gitea takes a line that the change does not show and shows it nowhere: it is refused here."""
    operation, path = f"review pull request {number}", f"{at.pulls}/{number}"
    if lines:
        shown = lines_shown(await at.http.text(operation, f"{path}.diff"))
        for line in lines:
            if line.line not in shown.get(line.path, ()):
                sentence = f"the change does not show line {line.line} of {line.path}"
                raise Rejected("The forge", operation, sentence, status=422)
    body = {
        "body": shorten(text, TEXT_LIMIT, CUT),
        "event": EVENTS[judgement],
        "comments": [
            {
                "path": line.path,
                "body": shorten(line.text, TEXT_LIMIT, CUT),
                "new_position": line.line,
                "old_position": 0,
            }
            for line in lines
        ],
    }
    made: Json = await at.http.send("POST", operation, f"{path}/reviews", body)
    return str(made["id"])


async def reviews(at: At, number: int) -> list[Review]:
    """See `Forge.reviews`: one request for fifty, and one for each that has comments on lines. A review that was
    dismissed judges no more; one that is only asked for, or not sent yet, is none."""
    our_id = await at.our_id()
    found = await at.pages.all(f"read the reviews of pull request {number}", f"/pulls/{number}/reviews")
    written = [review for review in found if review["state"] in _JUDGEMENTS]
    read = [_review(review, await _lines(at, number, review), our_id) for review in written]
    return sorted(read, key=lambda review: (review.created_at, int(review.id)))


def _on_line(said: LineComment) -> Json:
    return {
        "path": said.path,
        "body": shorten(said.text, TEXT_LIMIT, CUT),
        "new_position": said.line,
        "old_position": 0,
    }


def _review(found: Json, lines: tuple[LineComment, ...], our_id: int) -> Review:
    author = found.get("user") or {}
    return Review(
        id=str(found["id"]),
        author=author.get("login") or "somebody who left",
        author_id=str(author.get("id") or ""),
        judgement=Judgement.COMMENTED if found.get("dismissed") else _JUDGEMENTS[found["state"]],
        text=found["body"],
        lines=lines,
        created_at=moment(found["submitted_at"]),
        by_us=author.get("id") == our_id,
    )


async def _lines(at: At, number: int, review: Json) -> tuple[LineComment, ...]:
    if not review.get("comments_count"):
        return ()
    operation = f"read review {review['id']} of pull request {number}"
    found: list[Json] = await at.http.get(operation, f"{at.pulls}/{number}/reviews/{review['id']}/comments")
    return tuple(LineComment(one["path"], int(one.get("position") or 0), one["body"]) for one in found)


async def _see_that_it_is_there(at: At, number: int) -> None:
    """Gitea answers 500 where comments of what is not there are meant; raises NotFound then."""
    await at.http.get(f"read pull request {number}", f"{at.pulls}/{number}")

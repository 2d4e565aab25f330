"""What is said of a pull request: comments, and what counts as a review, with its lines.

Bitbucket has no reviews as such, but comments, some of them on lines, and what each participant makes of the pull
request. A person's review is that person's lines and judgement together. One of ours begins with a heading of its own.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/
"""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.comment import Comment
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Rejected
from boardhand_operator.forges.bitbucket.at import At, Json
from boardhand_operator.forges.bitbucket.people import People
from boardhand_operator.forges.headings import headed, unheaded
from boardhand_operator.forges.text import fitting
from boardhand_operator.reviews import Judgement, LineComment, Review

COMMENT = 32_000
"""Length that a comment may have, a little below what Bitbucket takes."""
_STATES = {"approved": Judgement.APPROVED, "changes_requested": Judgement.CHANGES_WANTED}
_ACTS = {Judgement.APPROVED: "approve", Judgement.CHANGES_WANTED: "request-changes"}
_GHOST: Json = {"display_name": "a former user", "uuid": "{}"}
"""Stands for an account that was deleted."""


async def write_comment(at: At, people: People, number: int, text: str, place: Json | None = None) -> int:
    """Write it; its id. place: of a comment on a line."""
    body: Json = {"content": {"raw": fitting(text, COMMENT)}} | ({"inline": place} if place else {})
    path = f"{at.root}/pullrequests/{number}/comments"
    made = await at.http.send("POST", f"comment on pull request {number}", path, body)
    people.learn(made["user"])
    return int(made["id"])


async def comments(at: At, people: People, number: int) -> list[Comment]:
    """Those that are no part of a review, oldest first."""
    found = await _all(at, number)
    us = await people.us(number)
    plain = [one for one in found if not one.get("inline") and not (_ours(one, us) and unheaded(_raw(one)))]
    return [_comment(one, us) for one in plain]


async def write_review(
    at: At, people: People, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment]
) -> str:
    """Write it, the lines leading; the id of the comment that sums it up."""
    await _check_paths(at, number, lines)
    for line in lines:
        place: Json = {"path": line.path} | ({"to": line.line} if line.line > 0 else {})
        await write_comment(at, people, number, line.text, place)
    id_ = await write_comment(at, people, number, headed(judgement, text))
    if act := _ACTS.get(judgement):
        path = f"{at.root}/pullrequests/{number}/{act}"
        await at.http.send("POST", f"{act.replace('-', ' ')} of pull request {number}", path)
    return str(id_)


async def reviews(at: At, people: People, number: int) -> list[Review]:
    """Oldest first."""
    pull = await at.http.get(f"read pull request {number}", f"{at.root}/pullrequests/{number}")
    found = await _all(at, number)
    us = await people.us(number)
    ours = [one for one in found if _ours(one, us)]
    theirs = [one for one in found if one.get("inline") and not _ours(one, us)]
    judged = [one for one in pull["participants"] if one.get("state") in _STATES and _user(one)["uuid"] != us]
    given = [*_our_reviews(ours), *_their_reviews(judged, theirs)]
    return sorted(given, key=lambda one: one.created_at)


async def _all(at: At, number: int) -> list[Json]:
    """The comments that were not deleted, oldest first."""
    operation, path = f"read the comments on pull request {number}", f"{at.root}/pullrequests/{number}/comments"
    found = await at.all(operation, path)
    return sorted((one for one in found if not one.get("deleted")), key=lambda one: int(one["id"]))


async def _check_paths(at: At, number: int, lines: Sequence[LineComment]) -> None:
    """Bitbucket takes a comment on any file, and shows it nowhere."""
    if not lines:
        return
    operation = f"read what pull request {number} changes"
    changed = await at.all(operation, f"{at.root}/pullrequests/{number}/diffstat")
    paths = {side["path"] for one in changed for side in (one.get("old"), one.get("new")) if side}
    for line in lines:
        if line.path not in paths:
            sentence = f"{line.path} is none of the files that the pull request changes"
            raise Rejected("Bitbucket", f"review pull request {number}", sentence, status=400)


def _our_reviews(ours: Sequence[Json]) -> list[Review]:
    """Lines belong to the heading that follows them; those that none follows are a review by themselves."""
    made: list[Review] = []
    lines: list[Json] = []
    for one in ours:
        if one.get("inline"):
            lines.append(one)
        elif found := unheaded(_raw(one)):
            made.append(_review(one, *found, lines, by_us=True))
            lines = []
    if lines:
        made.append(_review(lines[-1], Judgement.COMMENTED, "", lines, by_us=True))
    return made


def _their_reviews(judged: Sequence[Json], lines: Sequence[Json]) -> list[Review]:
    """One for each who judged or commented on lines."""
    by_user: dict[str, list[Json]] = {}
    for one in lines:
        by_user.setdefault(_user(one)["uuid"], []).append(one)
    made = []
    for one in judged:
        user = _user(one)
        said = by_user.pop(user["uuid"], [])
        about = {"id": user["uuid"], "user": user, "created_on": one["participated_on"]}
        made.append(_review(about, _STATES[one["state"]], "", said, by_us=False))
    return made + [_review(said[-1], Judgement.COMMENTED, "", said, by_us=False) for said in by_user.values()]


def _review(about: Json, judgement: Judgement, text: str, lines: Sequence[Json], *, by_us: bool) -> Review:
    author = _user(about)
    return Review(
        id=str(about["id"]),
        author=author["display_name"],
        author_id=author["uuid"],
        judgement=judgement,
        text=text,
        lines=tuple(_line(one) for one in lines),
        created_at=parse_time(about["created_on"]),
        by_us=by_us,
    )


def _line(found: Json) -> LineComment:
    """Of a line that only the old file has, `to` is absent."""
    return LineComment(found["inline"]["path"], found["inline"].get("to") or 0, _raw(found))


def _comment(found: Json, us: str) -> Comment:
    author = _user(found)
    return Comment(
        id=str(found["id"]),
        author=author["display_name"],
        author_id=author["uuid"],
        text=_raw(found),
        created_at=parse_time(found["created_on"]),
        by_us=_ours(found, us),
    )


def _ours(found: Json, us: str) -> bool:
    return bool(us) and _user(found)["uuid"] == us


def _user(found: Json) -> Json:
    user: Json = found["user"] or _GHOST
    return user


def _raw(found: Json) -> str:
    return str(found["content"]["raw"])

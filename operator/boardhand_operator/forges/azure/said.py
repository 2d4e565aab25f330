"""What is said of a pull request: threads of comments, some of them at lines, and votes.

Azure has no reviews as such. A person's review is that person's vote and what it says at lines, together. One of ours
begins with a heading of its own.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads (7.1)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from boardhand_operator.comment import Comment
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Rejected
from boardhand_operator.forges.azure.at import At, Json
from boardhand_operator.forges.azure.people import People
from boardhand_operator.forges.headings import headed, unheaded
from boardhand_operator.forges.text import fitting
from boardhand_operator.http.transport import PAGES, segment
from boardhand_operator.reviews import Judgement, LineComment, Review
from boardhand_operator.vendors.azure.client import endless

COMMENT = 100_000
"""Length that a comment may have; Azure takes half as much again."""
_VOTES = {Judgement.APPROVED: 10, Judgement.CHANGES_WANTED: -5}
"""10 approves, 5 does so with suggestions, -5 waits for the author, -10 rejects."""
_CHANGES = 2000
"""Files that a page of a pull request's changes has."""


@dataclass(frozen=True)
class _Said:
    """A person's comment, with the thread it is in."""

    id: str
    author: Json
    text: str
    at: str
    line: LineComment | None
    """Where it is said, of a comment at a line."""


async def write_comment(at: At, number: int, text: str, place: Json | None = None, *, resolved: bool = True) -> str:
    """Write it as a thread of its own; its id. resolved: it does not stand in the way of completing."""
    body: Json = {
        "comments": [{"parentCommentId": 0, "content": fitting(text, COMMENT), "commentType": "text"}],
        "status": "closed" if resolved else "active",
    } | ({"threadContext": place} if place else {})
    made = await at.http.send("POST", f"comment on pull request {number}", f"{at.pull(number)}/threads", body)
    return _id(made, made["comments"][0])


async def comments(at: At, people: People, number: int) -> list[Comment]:
    """Those that are no part of a review, oldest first."""
    us = await people.us()
    found = [one for one in _said(await _threads(at, number)) if one.line is None]
    return [_comment(one, us) for one in found if not (one.author["id"] == us and unheaded(one.text))]


async def write_review(
    at: At, people: People, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment]
) -> str:
    """Write it, the lines leading; the id of the comment that sums it up."""
    await _check_paths(at, number, lines)
    for line in lines:
        await write_comment(at, number, line.text, _context(line), resolved=judgement is not Judgement.CHANGES_WANTED)
    id_ = await write_comment(at, number, headed(judgement, text))
    if vote := _VOTES.get(judgement):
        us = await people.us()
        path = f"{at.pull(number)}/reviewers/{segment(us)}"
        await at.http.send("PUT", f"vote on pull request {number}", path, {"id": us, "vote": vote})
    return id_


async def reviews(at: At, people: People, number: int) -> list[Review]:
    """Oldest first."""
    pull = await at.http.get(f"read pull request {number}", at.pull(number))
    threads, us = await _threads(at, number), await people.us()
    said = list(_said(threads))
    ours = [one for one in said if one.author["id"] == us]
    theirs = [one for one in said if one.line and one.author["id"] != us]
    # A team has the vote of its member once more.
    votes = [
        one for one in pull.get("reviewers", []) if one.get("vote") and one["id"] != us and not one.get("isContainer")
    ]
    times = _vote_times(threads)
    given = [*_our_reviews(ours), *_their_reviews(votes, theirs, times, pull["creationDate"])]
    return sorted(given, key=lambda one: one.created_at)


async def _threads(at: At, number: int) -> list[Json]:
    return await at.values(f"read the comments on pull request {number}", f"{at.pull(number)}/threads")


def _said(threads: Sequence[Json]) -> Iterator[_Said]:
    """What people wrote, oldest first: what Azure itself notes is left out."""
    found = [
        _Said(_id(thread, one), one["author"], one.get("content") or "", one["publishedDate"], _line(thread, one))
        for thread in threads
        if not thread.get("isDeleted")
        for one in thread["comments"]
        if one.get("commentType") == "text" and not one.get("isDeleted")
    ]
    return iter(sorted(found, key=lambda one: parse_time(one.at)))


def _id(thread: Json, comment: Json) -> str:
    return f"{thread['id']}.{comment['id']}"


def _line(thread: Json, comment: Json) -> LineComment | None:
    context = thread.get("threadContext") or {}
    if not context.get("filePath"):
        return None
    start = context.get("rightFileStart") or {}
    return LineComment(context["filePath"].removeprefix("/"), start.get("line", 0), comment.get("content") or "")


def _context(line: LineComment) -> Json:
    place: Json = {"filePath": f"/{line.path}"}
    if line.line > 0:
        place |= {name: {"line": line.line, "offset": 1} for name in ("rightFileStart", "rightFileEnd")}
    return place


async def _check_paths(at: At, number: int, lines: Sequence[LineComment]) -> None:
    """Azure takes a comment on any file, and shows it nowhere."""
    if not lines:
        return
    operation = f"read what pull request {number} changes"
    iterations = await at.values(operation, f"{at.pull(number)}/iterations")
    path = f"{at.pull(number)}/iterations/{iterations[-1]['id']}/changes"
    paths: set[str] = set()
    skip = 0
    for _ in range(PAGES):
        page = await at.http.get(operation, path, {"$top": str(_CHANGES), "$skip": str(skip)})
        paths |= {one["item"]["path"].removeprefix("/") for one in page["changeEntries"] if one.get("item")}
        skip = page.get("nextSkip") or 0
        if not skip:
            break
    else:
        raise endless(operation)
    for line in lines:
        if line.path not in paths:
            sentence = f"{line.path} is none of the files that the pull request changes"
            raise Rejected("Azure DevOps", f"review pull request {number}", sentence, status=400)


def _our_reviews(ours: Sequence[_Said]) -> list[Review]:
    """Lines belong to the heading that follows them; those that none follows are a review by themselves."""
    made: list[Review] = []
    lines: list[_Said] = []
    for one in ours:
        if one.line:
            lines.append(one)
        elif found := unheaded(one.text):
            made.append(_review(one.id, one.author, *found, lines, one.at, by_us=True))
            lines = []
    if lines:
        last = lines[-1]
        made.append(_review(last.id, last.author, Judgement.COMMENTED, "", lines, last.at, by_us=True))
    return made


def _their_reviews(
    votes: Sequence[Json], lines: Sequence[_Said], times: dict[str, str], otherwise: str
) -> list[Review]:
    """One for each who voted or commented on lines. otherwise: when a vote counts as given that Azure did not note."""
    by_user: dict[str, list[_Said]] = {}
    for one in lines:
        by_user.setdefault(one.author["id"], []).append(one)
    made = []
    for vote in votes:
        judgement = Judgement.APPROVED if vote["vote"] > 0 else Judgement.CHANGES_WANTED
        said, when = by_user.pop(vote["id"], []), times.get(vote["id"], otherwise)
        made.append(_review(f"vote.{vote['id']}", vote, judgement, "", said, when, by_us=False))
    for said in by_user.values():
        last = said[-1]
        made.append(_review(last.id, last.author, Judgement.COMMENTED, "", said, last.at, by_us=False))
    return made


def _vote_times(threads: Sequence[Json]) -> dict[str, str]:
    """When each voted last: a vote itself has no time, but Azure notes each in a thread of its own."""
    times: dict[str, str] = {}
    for thread in threads:
        kind: Any = (thread.get("properties") or {}).get("CodeReviewThreadType") or {}
        if kind.get("$value") == "VoteUpdate":
            for identity in (thread.get("identities") or {}).values():
                times[identity["id"]] = max(times.get(identity["id"], ""), thread["publishedDate"])
    return times


def _review(
    id_: str, author: Json, judgement: Judgement, text: str, lines: Sequence[_Said], when: str, *, by_us: bool
) -> Review:
    return Review(
        id=id_,
        author=author["displayName"],
        author_id=author["id"],
        judgement=judgement,
        text=text,
        lines=tuple(one.line for one in lines if one.line),
        created_at=parse_time(when),
        by_us=by_us,
    )


def _comment(found: _Said, us: str) -> Comment:
    return Comment(
        id=found.id,
        author=found.author["displayName"],
        author_id=found.author["id"],
        text=found.text,
        created_at=parse_time(found.at),
        by_us=found.author["id"] == us,
    )

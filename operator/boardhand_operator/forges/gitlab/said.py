"""Comments on merge requests, and what reviews say. Pure.

GitLab has no object for a review: it is notes on lines, an approval or the state of a reviewer, and a line that GitLab
itself notes at the moment. What one person did within a minute is taken for one review. A review of ours is a note
whose last line is our mark, with the notes on lines that we wrote before it.

Sources: https://docs.gitlab.com/api/notes/ , https://docs.gitlab.com/api/merge_request_approvals/ and
https://docs.gitlab.com/api/merge_requests/#list-merge-request-reviewers
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from boardhand_operator.comment import Comment
from boardhand_operator.forges.gitlab.lines import remark
from boardhand_operator.reviews import Judgement, Review
from boardhand_operator.vendors.gitlab.client import Json

TOGETHER = timedelta(seconds=60)
"""What somebody does no longer after the thing before belongs to the same review."""
_NOTED = {"approved this merge request": Judgement.APPROVED, "requested changes": Judgement.CHANGES_WANTED}
"""What GitLab notes when somebody judges."""
_STATES = {"requested_changes": Judgement.CHANGES_WANTED, "reviewed": Judgement.COMMENTED}
_SIGN = "`boardhand:review:1 "
_MARK = re.compile(r"(?:^|\n\n)`boardhand:review:1 judgement=(\w+)`$")


def marked(text: str, judgement: Judgement) -> str:
    """The end of a review of ours."""
    return f"{text}\n\n{_SIGN}judgement={judgement.value}`".lstrip()


def unmarked(text: str) -> str:
    """The text, which nobody may take for a review of ours."""
    return text.replace(_SIGN, _SIGN.replace(":", "\u200b:", 1))


def moment(text: str) -> datetime:
    """A date of GitLab (ISO 8601 with an offset)."""
    return datetime.fromisoformat(text)


def is_ours(note: Json, our_id: int) -> bool:
    """Whether the note is the text of a review of ours."""
    return (note.get("author") or {}).get("id") == our_id and bool(_MARK.search(note["body"]))


def is_comment(note: Json, our_id: int) -> bool:
    """Whether a note is said about the whole merge request, and belongs to no review."""
    return not note["system"] and not note.get("position") and not is_ours(note, our_id)


def comment(note: Json, our_id: int) -> Comment:
    """A note of a merge request."""
    author = note.get("author") or {}
    return Comment(
        id=str(note["id"]),
        author=author.get("username") or "somebody who left",
        author_id=str(author.get("id") or ""),
        text=note["body"],
        created_at=moment(note["created_at"]),
        by_us=author.get("id") == our_id,
    )


def our_reviews(notes: Iterable[Json], our_id: int) -> list[Review]:
    """Reviews of ours, of all notes in their order; of one whose text was never written the remarks alone."""
    found, before = [], []
    for note in notes:
        if (note.get("author") or {}).get("id") != our_id:
            continue
        if note.get("position"):
            before.append(note)
        elif mark := _MARK.search(note["body"]):
            judgement = next((one for one in Judgement if one.value == mark[1]), Judgement.COMMENTED)
            found.append(_review(note, before, judgement, note["body"][: mark.start()], our_id))
            before = []
    return [*found, *([_review(before[0], before, Judgement.COMMENTED, "", our_id)] if before else [])]


def peoples_reviews(notes: Iterable[Json], approvals: Json, reviewers: Iterable[Json], our_id: int) -> list[Review]:
    """Reviews of others, of all notes in their order, and of what GitLab says of approvals and reviewers now.

    An approval that was taken back, by whoever gave it or by a push, is none.
    """
    approved = {int(entry["user"]["id"]): entry for entry in approvals["approved_by"]}
    found = []
    for visit in _visits(note for note in notes if (note.get("author") or {}).get("id") not in (None, our_id)):
        judgement = visit.judgement
        if judgement is Judgement.APPROVED and visit.author not in approved:
            judgement = Judgement.COMMENTED
        if visit.remarks or judgement is not Judgement.COMMENTED:
            found.append(_review(visit.notes[0], visit.remarks, judgement, "", our_id))
    now = {author: (Judgement.APPROVED, entry) for author, entry in approved.items()}
    for entry in reviewers:
        if (state := _STATES.get(entry["state"])) and int(entry["user"]["id"]) not in now:
            now[int(entry["user"]["id"])] = (state, entry)
    return [*found, *_untold(found, now, our_id, approvals["updated_at"])]


def _untold(
    found: list[Review], now: Mapping[int, tuple[Judgement, Json]], our_id: int, changed_at: str
) -> list[Review]:
    """What GitLab says of people now, and noted in no words that we know. changed_at: where it does not say when."""
    told = {(review.author_id, review.judgement) for review in found}
    wrote = {review.author_id for review in found}
    return [
        Review(
            id=f"{judgement.value}:{author}",
            author=entry["user"]["username"],
            author_id=str(author),
            judgement=judgement,
            text="",
            lines=(),
            created_at=moment(entry.get("approved_at") or entry.get("created_at") or changed_at),
            by_us=False,
        )
        for author, (judgement, entry) in now.items()
        if author != our_id and (str(author), judgement) not in told
        if judgement is not Judgement.COMMENTED or str(author) not in wrote
    ]


@dataclass
class _Visit:
    """What one person did in one go."""

    author: int
    notes: list[Json]

    @property
    def remarks(self) -> list[Json]:
        return [note for note in self.notes if note.get("position")]

    @property
    def judgement(self) -> Judgement:
        """The last one."""
        said = [_NOTED[note["body"]] for note in self.notes if note["system"]]
        return said[-1] if said else Judgement.COMMENTED


def _visits(notes: Iterable[Json]) -> list[_Visit]:
    last: dict[int, _Visit] = {}
    found = []
    for note in notes:
        if not note.get("position") and not (note["system"] and note["body"] in _NOTED):
            continue
        author = int(note["author"]["id"])
        visit = last.get(author)
        if visit and moment(note["created_at"]) - moment(visit.notes[-1]["created_at"]) <= TOGETHER:
            visit.notes.append(note)
            continue
        last[author] = _Visit(author, [note])
        found.append(last[author])
    return found


def _review(note: Json, remarks: Iterable[Json], judgement: Judgement, text: str, our_id: int) -> Review:
    said = comment(note, our_id)
    lines = tuple(remark(one) for one in remarks)
    return Review(said.id, said.author, said.author_id, judgement, text, lines, said.created_at, said.by_us)

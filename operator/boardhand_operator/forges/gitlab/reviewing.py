"""Reviews of a merge request as GitLab's API has them: written and read.

Sources: https://docs.gitlab.com/api/discussions/ , https://docs.gitlab.com/api/merge_request_approvals/ and
https://docs.gitlab.com/api/graphql/reference/#mutationmergerequestrequestchanges
"""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.errors import CredentialsRefused, Rejected
from boardhand_operator.forges.gitlab.lines import position
from boardhand_operator.forges.gitlab.merges import text_of
from boardhand_operator.forges.gitlab.said import marked, our_reviews, peoples_reviews, unmarked
from boardhand_operator.forges.text import fitting
from boardhand_operator.http.graphql import Graph
from boardhand_operator.reviews import Judgement, LineComment, Review
from boardhand_operator.vendors.gitlab.client import Json, Project

TEXT = 900_000
"""Characters that a review's text may have: its mark must have room behind it."""
_REQUEST_CHANGES = """mutation mergeRequestRequestChanges($path: ID!, $iid: String!) {
  mergeRequestRequestChanges(input: {projectPath: $path, iid: $iid}) { errors }
}"""


async def write(
    project: Project, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()
) -> str:
    """See `Forge.review`: the judgement, the remarks on lines, then the text; nothing where a line is not shown."""
    operation, path = f"review merge request {number}", f"/merge_requests/{number}"
    found: Json = await project.get(operation, path)
    places = await _places(project, operation, number, found, lines)
    await _judge(project, number, found, judgement)
    for said, place in zip(lines, places, strict=True):
        await project.send("POST", operation, f"{path}/discussions", {"body": text_of(said.text), "position": place})
    body = marked(fitting(unmarked(text_of(text)), TEXT), judgement)
    made: Json = await project.send("POST", operation, f"{path}/notes", {"body": body})
    return str(made["id"])


async def read(project: Project, number: int) -> list[Review]:
    """See `Forge.reviews`: four requests, one more for every hundred notes."""
    operation, path = f"read the reviews of merge request {number}", f"/merge_requests/{number}"
    notes = await notes_of(project, number)
    approvals: Json = await project.get(operation, f"{path}/approvals")
    reviewers: list[Json] = await project.get(operation, f"{path}/reviewers")
    our_id = await project.me()
    found = [*our_reviews(notes, our_id), *peoples_reviews(notes, approvals, reviewers, our_id)]
    return sorted(found, key=lambda review: review.created_at)


async def notes_of(project: Project, number: int) -> list[Json]:
    """All notes, oldest first."""
    params = {"sort": "asc", "order_by": "created_at"}
    operation = f"read what was said on merge request {number}"
    return await project.all(operation, f"/merge_requests/{number}/notes", params, sieved=True)


async def _places(
    project: Project, operation: str, number: int, found: Json, lines: Sequence[LineComment]
) -> list[Json]:
    """Where each remark is to stand. Raises Rejected for a line that the difference does not show."""
    if not lines:
        return []
    diffs: list[Json] = []
    async for page in project.pages(operation, f"/merge_requests/{number}/diffs"):
        diffs += page
    places = []
    for said in lines:
        place = position(diffs, found["diff_refs"], said)
        if place is None:
            sentence = f"its difference does not show line {said.line} of {said.path}"
            raise Rejected(project.vendor.name, operation, sentence, status=422)
        places.append(place)
    return places


async def _judge(project: Project, number: int, found: Json, judgement: Judgement) -> None:
    if judgement is Judgement.COMMENTED:
        return
    operation, path = f"judge merge request {number}", f"/merge_requests/{number}"
    approvals: Json = await project.get(operation, f"{path}/approvals")
    our_id = await project.me()
    approved = any(entry["user"]["id"] == our_id for entry in approvals["approved_by"])
    if judgement is Judgement.APPROVED and not approved:
        await _approve(project, operation, path, found["sha"])
    if judgement is Judgement.CHANGES_WANTED:
        if approved:
            await project.send("POST", operation, f"{path}/unapprove", None)
        await _request_changes(project, operation, number)


async def _approve(project: Project, operation: str, path: str, commit: str) -> None:
    try:
        await project.send("POST", operation, f"{path}/approve", {"sha": commit})
    except CredentialsRefused as refused:
        # GitLab says so too where the token is good and its account may not approve.
        await project.http.get("read whose token this is", "/v4/user")
        sentence = f"{refused.message} The account may not approve it, such as one that it opened itself."
        raise Rejected(project.vendor.name, operation, sentence, refused.request_id, status=401) from refused


async def _request_changes(project: Project, operation: str, number: int) -> None:
    """Set our state as a reviewer, where this GitLab can and we are one; where not, the review's text says it alone."""
    graph = Graph(project.http, project.vendor.name, "/graphql", lambda _: None)
    try:
        await graph.mutate(operation, _REQUEST_CHANGES, {"path": project.path, "iid": str(number)})
    except Rejected:
        return

"""GitLab (gitlab.com and self-managed) as the forge: merge requests of one project, with a token.

Sources: https://docs.gitlab.com/api/merge_requests/ and the pages that the modules beside this one name; a test holds
every request to what is recorded of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.forges import amiss, secret_name
from boardhand_operator.forges.gitlab import ci, merges, reviewing, said, template
from boardhand_operator.forges.gitlab.address import path_of
from boardhand_operator.forges.gitlab.check import check_labels, check_project, check_reviewers
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.http.transport import Connection
from boardhand_operator.plugins import token_refused
from boardhand_operator.reviews import Check, Judgement, LineComment, Review
from boardhand_operator.vendors.gitlab.client import Json, Project
from boardhand_operator.vendors.gitlab.hooks import SECRET, signed, subscribe
from boardhand_operator.vendors.gitlab.rights import DEVELOPER, MAINTAINER, check_role, check_scope, read_project

EVENTS = ("merge_requests_events", "note_events", "pipeline_events")


class GitLabForge:
    """One project at GitLab, with a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    pull_requests: ClassVar[bool] = True

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """Raises Misconfigured where the repository is not at this GitLab or the token cannot be sent."""
        path, secret = path_of(spec.url, repository.url), secret_name(spec)
        hints = (
            token_refused(secret),
            f"The token in Secret {secret} needs the scope api, and its account at least the role Developer in {path} "
            "(for webhooks Maintainer).",
        )
        self._webhook_secret = credentials.get(SECRET, "").strip()
        token = credentials["token"].strip()
        self._project = Project(path, spec.url, token, [self._webhook_secret], connection, hints)
        self._spec, self._secret, self._branch = spec, secret, repository.branch

    async def check(self) -> None:
        """See `Forge.check`: three requests, one more where the project does not say which role we have, and those for
        labels and reviewers."""
        found = await read_project(self._project, "RepositoryMissing", "spec.repository.url", self._secret)
        check_project(found, self._branch)
        await self._check_branch(found)
        await check_scope(self._project)
        await check_role(self._project, found, MAINTAINER if self._spec.webhook else DEVELOPER)
        await check_labels(self._project, self._spec.labels)
        await check_reviewers(self._project, self._spec.reviewers)

    async def head(self, branch: str) -> Head | None:
        """See `Forge.head`."""
        return await merges.head(self._project, branch)

    async def pull_request(self, head: str) -> PullRequest | None:
        """See `Forge.pull_request`."""
        found = await merges.find(self._project, self._branch, head)
        return None if found is None else merges.read(found)

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        """See `Forge.open_pull_request`. Waits up to four seconds for a branch that was just pushed. A title and a text
        that are too long are cut; GitLab Free takes one reviewer."""
        return merges.read(await merges.opened(self._project, wanted))

    async def followed(self, number: int) -> PullRequest:
        """See `Forge.followed`. One that is being merged is open."""
        return await merges.followed(self._project, number)

    async def template(self) -> str | None:
        """See `Forge.template`: `Default.md` in .gitlab/merge_request_templates, in any case."""
        return await template.read(self._project, self._branch)

    async def comment(self, number: int, text: str) -> str:
        """See `Forge.comment`. No line of it is carried out as a quick action. Raises Rejected for an empty text."""
        operation = f"comment on merge request {number}"
        body = {"body": merges.text_of(said.unmarked(text))}
        made: Json = await self._project.send("POST", operation, f"/merge_requests/{number}/notes", body)
        return str(made["id"])

    async def comments(self, number: int) -> list[Comment]:
        """See `Forge.comments`: one request for a hundred notes, and one more."""
        notes, our_id = await reviewing.notes_of(self._project, number), await self._project.me()
        return [said.comment(note, our_id) for note in notes if said.is_comment(note, our_id)]

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        """See `Forge.review`. That changes are wanted is set as our state where this GitLab has a request for that, and
        said in the text everywhere."""
        return await reviewing.write(self._project, number, text, judgement, lines)

    async def reviews(self, number: int) -> list[Review]:
        """See `Forge.reviews`; the text of a person's review is among the comments, where GitLab keeps it."""
        return await reviewing.read(self._project, number)

    async def checks(self, commit: str) -> list[Check]:
        """See `Forge.checks`."""
        return await ci.read(self._project, commit)

    async def subscribe(self, before: str = "") -> None:
        """See `Forge.subscribe`: one request, a second one where there is no webhook yet; nothing where
        spec.forge.webhook is absent."""
        if self._spec.webhook:
            callback, field = self._spec.webhook.callback_url, "spec.forge.webhook"
            await subscribe(self._project, callback, self._webhook_secret, EVENTS, field, self._secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Forge.signed`."""
        return self._spec.webhook is not None and signed(self._webhook_secret, headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._project.http.aclose()

    async def _check_branch(self, found: Json) -> None:
        if await merges.head(self._project, self._branch) is None:
            raise amiss.branch_missing(f"Project {self._project.path}", self._branch, found["default_branch"])

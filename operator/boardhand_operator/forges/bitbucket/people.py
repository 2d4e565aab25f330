"""Who we are at Bitbucket, and who may be asked for reviews."""

from __future__ import annotations

import re
from collections.abc import Sequence

from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing
from boardhand_operator.forges.bitbucket.at import At, Json
from boardhand_operator.http.transport import segment

_ID = re.compile(r"\{[0-9a-f-]{36}\}|[0-9]+:[0-9a-f-]+|[0-9a-f]{24}")
"""A uuid in braces, or an Atlassian account id: they name one account, a nickname may name several."""


class People:
    """Accounts, each asked for once."""

    def __init__(self, at: At, *, of_person: bool) -> None:
        """of_person: the credentials are a person's API token, and not an access token of the repository."""
        self._at = at
        self._of_person = of_person
        self._us = ""
        self._known: dict[str, str | None] = {}

    def learn(self, account: Json | None) -> None:
        """This is who we write as, as an answer to a write says."""
        self._us = self._us or str((account or {}).get("uuid", ""))

    async def us(self, number: int | None = None) -> str:
        """The uuid of the account that we write as; empty where that cannot be known.

        A repository's access token has an account of its own, which it may not ask for: then the author of the pull
        request is taken where that is such an account.
        """
        if self._us:
            return self._us
        if self._of_person:
            self.learn(await self._at.http.get("read whose token it is", "/user"))
        elif number is not None:
            found = await self._at.http.get(f"read pull request {number}", f"{self._at.root}/pullrequests/{number}")
            if (found["author"] or {}).get("type") == "app_user":
                self.learn(found["author"])
        return self._us

    async def default_reviewers(self) -> list[str]:
        """Whom the repository and its project have asked for each new pull request: the API does not add them."""
        found = await self._at.all("read the default reviewers", f"{self._at.root}/effective-default-reviewers")
        return [entry["user"]["uuid"] for entry in found]

    async def find(self, names: Sequence[str]) -> dict[str, str]:
        """The uuids of those that there are, by their names in spec.forge.reviewers."""
        for name in names:
            if name not in self._known:
                self._known[name] = await self._by_id(name) if _ID.fullmatch(name) else await self._by_nickname(name)
        return {name: uuid for name in names if (uuid := self._known[name])}

    def forget(self) -> None:
        """Ask anew who there is."""
        self._known.clear()

    async def _by_id(self, name: str) -> str | None:
        try:
            found = await self._at.http.get(f"look for reviewer {name}", f"/users/{segment(name)}")
        except NotFound:
            return None
        return str(found["uuid"])

    async def _by_nickname(self, name: str) -> str | None:
        operation = f"look for reviewer {name}"
        path = f"/workspaces/{segment(self._at.workspace)}/members"
        members = await self._at.all(operation, path)
        fits = {one["user"]["uuid"] for one in members if one["user"].get("nickname", "").casefold() == name.casefold()}
        return next(iter(fits)) if len(fits) == 1 else None


async def check(at: At, people: People, names: Sequence[str]) -> None:
    """See that each can be asked for a review. Raises Misconfigured."""
    people.forget()
    try:
        found = await people.find(names)
    except PermissionMissing as failed:
        raise PermissionMissing(
            failed.service,
            failed.operation,
            f"{failed.message} To name reviewers without it, write their uuids, in braces, into spec.forge.reviewers.",
            failed.request_id,
        ) from failed
    absent = [name for name in names if name not in found]
    if absent:
        raise Misconfigured(
            "ReviewerMissing",
            f"Workspace {at.workspace} has nobody, or more than one, named {', '.join(map(repr, absent))} "
            "(spec.forge.reviewers): give a nickname of one of its members, or a uuid in braces.",
        )

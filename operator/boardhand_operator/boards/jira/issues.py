"""Issues by themselves, which are always told as they are now; and who we are to Jira."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from boardhand_operator.boards.jira.dialect import Dialect, listed
from boardhand_operator.boards.jira.log import Json, entered
from boardhand_operator.errors import NotFound, PermissionMissing, Rejected
from boardhand_operator.http.transport import Client, segment

T = TypeVar("T")


class Issues:
    """Reads single issues with the credentials of one pool."""

    def __init__(self, http: Client, dialect: Dialect, permission_hint: str) -> None:
        self._http, self._dialect, self._hint = http, dialect, permission_hint
        self._account: Json | None = None

    def path(self, ticket_id: str, below: str = "") -> str:
        """Of an issue, or what is below it."""
        return f"{self._dialect.api}/issue/{segment(ticket_id)}{below}"

    async def account(self, *, anew: bool = False) -> Json:
        """Whose token this is; asked for once, or now."""
        if self._account is None or anew:
            self._account = await self._http.get("read whose token this is", f"{self._dialect.api}/myself")
        return self._account

    async def sure(self, call: Awaitable[T]) -> T:
        """What the call gives. Raises CredentialsRefused where it fails because Jira takes us for nobody.

        Jira answers for whoever is not logged in where it may, even to a token that has expired; then issues are not
        to be found, and their runs must not end for that.
        """
        try:
            return await call
        except NotFound:
            await self.account(anew=True)
            raise
        except Rejected as refused:
            await self.account(anew=True)
            if "permission" in refused.message.lower():
                said = f"{refused.message}. {self._hint}"
                raise PermissionMissing(refused.service, refused.operation, said, refused.request_id) from refused
            raise

    async def read(self, ticket_id: str, params: Mapping[str, str]) -> Json | None:
        """The issue, or None where it is deleted."""
        call = self._http.get(f"read issue {ticket_id}", self.path(ticket_id), params)
        try:
            issue: Json = await self.sure(call)
        except NotFound:
            return None
        return issue

    async def histories(self, issue: Json) -> list[Json]:
        """The issue's changelog, as far back as it entered its status; no request where it came with the issue."""
        told: Json = issue["changelog"]
        found: list[Json] = told["histories"]
        entry = entered(issue, found)
        if (entry and entry.number) or len(found) >= told["total"]:
            return found
        operation, path = f"read what happened to issue {issue['id']}", self.path(str(issue["id"]), "/changelog")
        return [one async for page in listed(self._http, self._dialect.name, operation, path, "values") for one in page]

    async def remote_links(self, ticket_id: str) -> list[Json]:
        """The issue's links to other places; none where the administrator switched links off, which is a refusal."""
        try:
            path = self.path(ticket_id, "/remotelink")
            found: list[Json] = await self._http.get(f"read the links of issue {ticket_id}", path)
        except PermissionMissing:
            return []
        return found

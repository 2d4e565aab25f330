"""Jira Data Center (and Server): REST version 2, a personal access token, wiki markup.

Source: https://docs.atlassian.com/software/jira/docs/api/REST/latest/ ; a test holds every request to shapes recorded
from it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from boardhand_operator.boards.jira import wiki_read, wiki_write
from boardhand_operator.boards.jira.cloud import EVENTS
from boardhand_operator.boards.jira.dialect import PAGES, TOGETHER, Hooks, endless
from boardhand_operator.boards.jira.log import CARD_FIELDS, Json
from boardhand_operator.boards.text import units
from boardhand_operator.errors import Rejected
from boardhand_operator.http.transport import Client


class DataCenter:
    """See `Dialect`."""

    name = "Jira"
    api = "/rest/api/2"
    account = "It is a personal access token, which its account makes in its profile."
    transitions: Mapping[str, str] = {}
    assignable: Mapping[str, str] = {}
    hooks = Hooks("/rest/jira-webhook/1.0/webhooks", "active", "Administration, System, WebHooks", "10")

    def authorization(self, credentials: Mapping[str, str]) -> tuple[str, list[str]]:
        """See `Dialect.authorization`."""
        token = credentials["token"].strip()
        return f"Bearer {token}", [token]

    def identity(self, user: Json) -> str:
        """See `Dialect.identity`: unlike the name it stays when the account is renamed."""
        return str(user.get("key") or user.get("name") or "")

    def name_of(self, user: Json) -> str:
        """See `Dialect.name_of`."""
        return str(user.get("name") or self.identity(user))

    def markdown(self, stored: Any) -> str:
        """See `Dialect.markdown`."""
        return wiki_read.markdown(stored)

    def stored(self, markdown: str) -> tuple[Any, int]:
        """See `Dialect.stored`."""
        text = wiki_write.wiki(markdown)
        return text, units(text)

    async def find(
        self,
        http: Client,
        operation: str,
        jql: str,
        fields: Sequence[str],
        moved: Sequence[str] = (),  # noqa: ARG002 (its index knows at once what was written through it)
        **more: Any,
    ) -> AsyncIterator[Json]:
        """See `Dialect.find`. more: other parameters of the search."""
        start = 0
        for _ in range(PAGES):
            body = {"jql": jql, "startAt": start, "maxResults": 100, "fields": list(fields), **more}
            page: Json = await http.ask(operation, f"{self.api}/search", body)
            for issue in page["issues"]:
                yield issue
            start += len(page["issues"])
            if not page["issues"] or start >= page["total"]:
                return
        raise endless(self.name, operation)

    async def details(self, http: Client, operation: str, ids: Sequence[str]) -> list[tuple[Json, list[Json]]]:
        """See `Dialect.details`: one request."""
        issues = await self._fetch(http, operation, ids, CARD_FIELDS, expand=["changelog"])
        return [(issue, issue["changelog"]["histories"]) for issue in issues]

    async def talk(self, http: Client, operation: str, ids: Sequence[str]) -> list[Json]:
        """See `Dialect.talk`: one request."""
        return await self._fetch(http, operation, ids, ["comment"])

    async def check_filter(self, http: Client, jql: str) -> str | None:
        """See `Dialect.check_filter`: one request, which finds nothing but what is wrong."""
        body = {"jql": jql, "maxResults": 0, "fields": ["status"]}
        try:
            await http.ask("check spec.board.filter", f"{self.api}/search", body)
        except Rejected as wrong:
            return wrong.message
        return None

    def webhook(self, name: str, url: str, project: str, secret: str) -> Json:  # noqa: ARG002 (of all projects)
        """See `Dialect.webhook`: since Jira 10, which signs its calls."""
        return {
            "name": name,
            "url": url,
            "events": EVENTS,
            "active": True,
            "scopeType": "global",
            "configuration": {"SECRET": secret, "EXCLUDE_BODY": "false"},
        }

    async def _fetch(
        self, http: Client, operation: str, ids: Sequence[str], fields: Sequence[str], **more: Any
    ) -> list[Json]:
        """Without validation, by which an issue that is gone would make the others unreadable."""
        assert len(ids) <= TOGETHER
        jql = f"id in ({', '.join(ids)})"
        return [issue async for issue in self.find(http, operation, jql, fields, validateQuery=False, **more)]

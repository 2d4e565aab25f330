"""Jira Cloud: REST version 3, e-mail and API token, documents in the Atlassian Document Format.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ ; a test holds every request to its OpenAPI file.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from boardhand_operator.boards.jira import adf_read, adf_write
from boardhand_operator.boards.jira.dialect import PAGES, TOGETHER, Hooks, endless
from boardhand_operator.boards.jira.log import CARD_FIELDS, ENTERING, Json
from boardhand_operator.boards.text import units
from boardhand_operator.http.transport import Client


class Cloud:
    """See `Dialect`."""

    name = "Jira"
    api = "/rest/api/3"
    account = "The e-mail address under the key `email` must be that of the token's account."
    transitions: Mapping[str, str] = {"includeUnavailableTransitions": "true"}
    assignable: Mapping[str, str] = {"query": ""}
    hooks = Hooks("/rest/webhooks/1.0/webhook", "enabled", "Settings, System, WebHooks")

    def authorization(self, credentials: Mapping[str, str]) -> tuple[str, list[str]]:
        """See `Dialect.authorization`."""
        token = credentials["token"].strip()
        both = b64encode(f"{credentials['email'].strip()}:{token}".encode()).decode()
        return f"Basic {both}", [both, token]

    def identity(self, user: Json) -> str:
        """See `Dialect.identity`."""
        return str(user.get("accountId") or "")

    def name_of(self, user: Json) -> str:
        """See `Dialect.name_of`: the e-mail address where the account shows it. Display names are not unique."""
        return user.get("emailAddress") or self.identity(user)

    def markdown(self, stored: Any) -> str:
        """See `Dialect.markdown`."""
        return adf_read.markdown(stored)

    def stored(self, markdown: str) -> tuple[Any, int]:
        """See `Dialect.stored`."""
        document = adf_write.document(markdown)
        return document, _length(document)

    async def find(
        self, http: Client, operation: str, jql: str, fields: Sequence[str], moved: Sequence[str] = ()
    ) -> AsyncIterator[Json]:
        """See `Dialect.find`. What was written a moment ago may be found as it was before, but for `moved`:
        https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/ ."""
        body: Json = {"jql": jql, "fields": list(fields), "maxResults": 100}
        if moved:
            body["reconcileIssues"] = [int(one) for one in moved]
        for _ in range(PAGES):
            page: Json = await http.ask(operation, f"{self.api}/search/jql", body)
            for issue in page.get("issues") or ():
                yield issue
            token = page.get("nextPageToken")
            if not token or page.get("isLast"):
                return
            body["nextPageToken"] = token
        raise endless(self.name, operation)

    async def details(self, http: Client, operation: str, ids: Sequence[str]) -> list[tuple[Json, list[Json]]]:
        """See `Dialect.details`: two requests, more for long changelogs."""
        issues = await self._fetch(http, operation, ids, CARD_FIELDS)
        logs = await self._logs(http, operation, [str(issue["id"]) for issue in issues]) if issues else {}
        return [(issue, logs.get(str(issue["id"]), [])) for issue in issues]

    async def talk(self, http: Client, operation: str, ids: Sequence[str]) -> list[Json]:
        """See `Dialect.talk`: one request."""
        return await self._fetch(http, operation, ids, ["comment"])

    async def check_filter(self, http: Client, jql: str) -> str | None:
        """See `Dialect.check_filter`: one request."""
        path = f"{self.api}/jql/parse?validation=strict"
        parsed: Json = await http.ask("check spec.board.filter", path, {"queries": [jql]})
        return "; ".join(parsed["queries"][0].get("errors") or ()) or None

    def webhook(self, name: str, url: str, project: str, secret: str) -> Json:
        """See `Dialect.webhook`."""
        return {
            "name": name,
            "url": url,
            "events": EVENTS,
            "filters": {"issue-related-events-section": project},
            "excludeBody": False,
            "secret": secret,
        }

    async def _logs(self, http: Client, operation: str, ids: Sequence[str]) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        body: Json = {"issueIdsOrKeys": list(ids), "fieldIds": list(ENTERING)}
        for _ in range(PAGES):
            page: Json = await http.ask(operation, f"{self.api}/changelog/bulkfetch", body)
            for log in page.get("issueChangeLogs") or ():
                found.setdefault(str(log["issueId"]), []).extend(log["changeHistories"])
            if not page.get("nextPageToken"):
                return found
            body["nextPageToken"] = page["nextPageToken"]
        raise endless(self.name, operation)

    async def _fetch(self, http: Client, operation: str, ids: Sequence[str], fields: Sequence[str]) -> list[Json]:
        """Issues as they are now, unlike what a search finds."""
        assert len(ids) <= TOGETHER
        body = {"issueIdsOrKeys": list(ids), "fields": list(fields)}
        found: Json = await http.ask(operation, f"{self.api}/issue/bulkfetch", body)
        return list(found.get("issues") or ())


EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"]


def _length(node: Json) -> int:
    """Of a document's text in UTF-16 code units, with one for each block and break."""
    return units(node.get("text", "")) + sum(1 + _length(child) for child in node.get("content", ()))

"""A person at the issues of a repository on the testbed's Gitea, which is a board here: labels are its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from testbed.board import COLUMNS
from testbed.forge.info import ForgeInfo
from testbed.shell import TestbedError

Json = dict[str, Any]
_COLOURS = ("#0052cc", "#fbca04", "#5319e7", "#b60205", "#0e8a16")


class IssueDesk:
    """The issues of one repository, as the forge's administrator has them."""

    def __init__(self, info: ForgeInfo, repository: str) -> None:
        self.board = f"{info.organisation}/{repository}"
        self.page = f"{info.base_url}/{self.board}/issues"
        self._bot = info.bot_user
        self._http = httpx.Client(
            base_url=f"{info.base_url}/api/v1/repos/{self.board}",
            headers={"Authorization": f"token {info.admin_token}"},
            timeout=30,
            trust_env=False,
        )

    def prepare(self, columns: Sequence[str] = COLUMNS) -> None:
        """Make the columns' labels that are not there yet, and let the bot have the repository's webhooks."""
        there = self._labels()
        for number, name in enumerate(columns):
            if name not in there:
                self._call("POST", "/labels", {"name": name, "color": _COLOURS[number % len(_COLOURS)]})
        # Gitea lets administrators of a repository alone ask for calls.
        self._call("PUT", f"/collaborators/{self._bot}", {"permission": "admin"})

    def add_card(self, title: str, body: str, column: str = COLUMNS[0]) -> str:
        """A new issue with the column's label; its number."""
        made = self._call("POST", "/issues", {"title": title, "body": body, "labels": [self._labels()[column]]})
        return str(made["number"])

    def column_of(self, card: str) -> str:
        """The labels that the issue has, which is one where all is well."""
        return " + ".join(label["name"] for label in self._call("GET", f"/issues/{card}")["labels"])

    def comments(self, card: str) -> list[str]:
        """What was said on the issue, oldest first."""
        return [str(comment["body"]) for comment in self._call("GET", f"/issues/{card}/comments")]

    def moves(self, card: str) -> list[str]:
        """The labels that were put on, oldest first, that of its creation too."""
        entries: list[Json] = self._call("GET", f"/issues/{card}/timeline?limit=50")
        return [str(entry["label"]["name"]) for entry in entries if entry["type"] == "label" and entry["body"] == "1"]

    def hooks(self) -> list[Json]:
        """The repository's webhooks."""
        found: list[Json] = self._call("GET", "/hooks")
        return found

    def _labels(self) -> dict[str, int]:
        return {label["name"]: int(label["id"]) for label in self._call("GET", "/labels?limit=50")}

    def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = self._http.request(method, path, json=body)
        if answer.is_error:
            raise TestbedError(f"forge: {method} {self.board}{path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

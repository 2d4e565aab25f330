"""GraphQL over the one transport: an answer with errors is an error, whatever its status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from boardhand_operator.errors import (
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    Remote,
    RemoteUnavailable,
)
from boardhand_operator.http.answers import QUOTED
from boardhand_operator.http.limits import RETRY_AFTER, RETRY_AFTER_WORDS, says_limited
from boardhand_operator.http.transport import Client

Json = dict[str, Any]
Kind = type[RemoteUnavailable | RateLimited | CredentialsRefused | PermissionMissing | NotFound]


class Graph:
    """A service's GraphQL endpoint."""

    def __init__(
        self,
        http: Client,
        service: str,
        path: str,
        classify: Callable[[Json], Kind | None],
        hints: Mapping[Kind, str] | None = None,
    ) -> None:
        """service: its name for messages. path: below the client's base. classify: which error of the tree one entry of
        `errors` is; None: Rejected. hints: a sentence for some, that says what to do."""
        self._http, self._service, self._path = http, service, path
        self._classify, self._hints = classify, hints or {}

    async def query(self, operation: str, text: str, variables: Mapping[str, Any]) -> Json:
        """What is under `data`. Short failures are retried; raises Remote and Misconfigured."""
        answer = await self._http.ask(operation, self._path, {"query": text, "variables": dict(variables)})
        return self._data(operation, answer)

    async def mutate(self, operation: str, text: str, variables: Mapping[str, Any]) -> Json:
        """The same of a write, sent once."""
        answer = await self._http.send("POST", operation, self._path, {"query": text, "variables": dict(variables)})
        return self._data(operation, answer)

    def _data(self, operation: str, answer: Any) -> Json:
        if not isinstance(answer, dict):
            raise RemoteUnavailable(self._service, operation, "answered with no GraphQL result")
        errors = answer.get("errors")
        if errors:
            raise self._http.cleaned(self.error(operation, errors[0]))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise RemoteUnavailable(self._service, operation, "answered with neither data nor errors")
        return data

    def error(self, operation: str, said: Json) -> Remote:
        """The error of the tree that one entry of `errors` means."""
        kind = self._classify(said)
        sentence = " ".join(str(said.get("message", "")).split())[:QUOTED] or "no reason given"
        if kind is None:
            return Rejected(self._service, operation, sentence, status=200)
        if hint := self._hints.get(kind):
            sentence = f"{sentence}. {hint}"
        if issubclass(kind, RateLimited):
            after = RETRY_AFTER_WORDS if says_limited(sentence) else RETRY_AFTER
            return kind(self._service, operation, sentence, retry_after=after)
        return kind(self._service, operation, sentence)

"""What GitHub's boards have in common: the credentials of a pool, and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boardhand_api import pool
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.plugins import token_refused
from boardhand_operator.vendors.github import hooks as github_hooks
from boardhand_operator.vendors.github.api import Api, read_error
from boardhand_operator.vendors.github.app import Access, Place

_FIELD = "spec.board.webhook"


class Account:
    """A pool's access to GitHub or a GitHub Enterprise, with a token or as a GitHub App."""

    def __init__(
        self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection, place: Place, hint: str
    ) -> None:
        """place: what an App's tokens are for. hint: which permissions are needed: a sentence.

        Raises Misconfigured where the Secret holds no credentials.
        """
        secret, api = spec.secret_name, Api.of(spec.url)
        self.hint, self.rest, self._spec = hint, api.rest, spec
        self._access = Access.of(credentials, secret, api, place, connection)
        vendor = Vendor(
            "GitHub",
            token_refused(secret),
            hint,
            read_error=read_error,
        )
        self._webhook_secret = credentials.get(github_hooks.SECRET, "").strip()
        secrets = [*self._access.secrets, self._webhook_secret]
        self.http = Client(
            vendor, api.base_url, self._access.headers, secrets, connection, authorize=self._access.tokens
        )
        self._login = ""

    @property
    def is_app(self) -> bool:
        """Whether it is a GitHub App, which has no roles."""
        return self._access.tokens is not None

    async def login(self) -> str:
        """The name of the account that we write as: one request, once."""
        if not self._login:
            tokens = self._access.tokens
            self._login = await tokens.login() if tokens else await self._user()
        return self._login

    async def subscribe(self, path: str, events: Sequence[str], before: str) -> None:
        """See `Board.subscribe`. path: where the list of webhooks is."""
        if self._spec.webhook is None:
            return
        secret = github_hooks.required(self._webhook_secret, self._spec.secret_name, _FIELD)
        callback = self._spec.webhook.callback_url
        await github_hooks.subscribe(self.http, path, callback, secret, events, _FIELD, self.hint, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Board.signed`."""
        return self._spec.webhook is not None and github_hooks.signed(self._webhook_secret, body, headers)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.http.aclose()
        if self._access.tokens:
            await self._access.tokens.aclose()

    async def _user(self) -> str:
        return str((await self.http.get("read whose token this is", f"{self.rest}/user"))["login"])

"""GitHub as an App, whose tokens live an hour; or by a token of its own. For its boards and its forge alike.

Source: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.vendors.github.api import HEADERS, Api, read_error

APP_ID, PRIVATE_KEY, INSTALLATION = "appId", "privateKey", "installationId"
"""Keys of a Secret that holds an App; the installation is found where it is not given."""
LIFE = timedelta(hours=1)
"""So long a token lives. GitHub's word is taken where it is less; its clock may be another than ours."""
SPARE = timedelta(minutes=5)
"""A token that lives no longer is not used any more."""
_BEHIND, _AHEAD = timedelta(seconds=60), timedelta(minutes=9)
"""A signature is dated back, and ends before GitHub's ten minutes, for clocks that are off."""


@dataclass(frozen=True)
class AppKey:
    """By what an App proves itself."""

    app_id: str
    private_key: str = field(repr=False)
    installation: str | None
    secret: str
    """The Secret that it is from, for messages."""

    @classmethod
    def of(cls, credentials: Mapping[str, str], secret: str) -> AppKey | None:
        """The App of a Secret, or None where it holds none. Raises Misconfigured where it holds half of one."""
        app_id, key = (credentials.get(name, "").strip() for name in (APP_ID, PRIVATE_KEY))
        if not app_id and not key:
            return None
        if not app_id or not key:
            absent = PRIVATE_KEY if app_id else APP_ID
            raise Misconfigured("SecretIncomplete", f"Secret {secret} holds a GitHub App without its `{absent}`.")
        return cls(app_id, key, credentials.get(INSTALLATION, "").strip() or None, secret)

    def loaded(self) -> RSAPrivateKey:
        """The key to sign with. Raises Misconfigured (KeyUnreadable)."""
        try:
            key = load_pem_private_key(self.private_key.encode(), None)
        except (ValueError, TypeError) as wrong:
            raise self._unreadable("is no private key without a password") from wrong
        if not isinstance(key, RSAPrivateKey):
            raise self._unreadable("is no RSA key")
        return key

    def _unreadable(self, what: str) -> Misconfigured:
        return Misconfigured(
            "KeyUnreadable",
            f"`{PRIVATE_KEY}` in Secret {self.secret} {what}: put the whole PEM file there that GitHub gave for "
            f"App {self.app_id}, from its BEGIN line to its END line.",
        )


@dataclass(frozen=True)
class Place:
    """What an App's tokens are for."""

    path: str
    """Where the installation is looked up: /repos/OWNER/NAME, /orgs/NAME or /users/NAME, segments quoted."""
    permissions: Mapping[str, str]
    """Permission to `read` or `write`: what a token may do, and no more."""
    repositories: Sequence[str] = ()
    """Names, without owners, of the only repositories it is good for; none: all that the App is installed for."""


@dataclass(frozen=True)
class Token:
    """A token of an installation."""

    text: str = field(repr=False)
    ends: datetime
    """By our clock."""


class _Signature:
    """Authorizes as the App itself, with a signature that lives some minutes."""

    def __init__(self, key: AppKey, now: Callable[[], datetime]) -> None:
        self._app_id, self._key, self._now = key.app_id, key.loaded(), now

    async def __call__(self) -> Mapping[str, str]:
        now = self._now()
        claims = {"iat": int((now - _BEHIND).timestamp()), "exp": int((now + _AHEAD).timestamp()), "iss": self._app_id}
        return {"authorization": f"Bearer {jwt.encode(claims, self._key, 'RS256')}"}

    def refused(self) -> None:
        """The next one is another anyway."""


class AppTokens:
    """The tokens of an App at one place: minted when one is needed, and kept until shortly before their end."""

    def __init__(
        self,
        key: AppKey,
        api: Api,
        place: Place,
        connection: Connection,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises Misconfigured where the key cannot be read; nothing is sent."""
        self._key, self._api, self._place, self._now = key, api, place, now
        vendor = Vendor(
            "GitHub",
            f"It refused App {key.app_id} of Secret {key.secret}: see that `{APP_ID}` and `{PRIVATE_KEY}` belong "
            "together, that the key is not revoked, and that this machine's clock is right.",
            f"App {key.app_id} may be suspended where it is installed.",
            read_error=read_error,
        )
        self._http = Client(
            vendor, api.base_url, HEADERS, [key.private_key], connection, authorize=_Signature(key, self._now)
        )
        self._token: Token | None = None
        self._installation = key.installation
        self._turn = asyncio.Lock()

    async def token(self, left: timedelta = SPARE) -> Token:
        """A token that lives longer than `left`.

        Raises PermissionMissing for what the App was not given, Misconfigured where it is not installed, and Remote.
        """
        async with self._turn:
            if self._token is None or self._token.ends - self._now() <= left:
                self._token = await self._mint()
            return self._token

    async def __call__(self) -> Mapping[str, str]:
        """What authorizes a request: this is the `authorize` of a `Client`. Raises as `token`."""
        return {"authorization": f"Bearer {(await self.token()).text}"}

    def refused(self) -> None:
        """GitHub refused the token there was: the next one is minted."""
        self._token = None

    async def login(self) -> str:
        """The name of the account that the App writes as."""
        found = await self._http.get(f"read App {self._key.app_id}", f"{self._api.rest}/app")
        return f"{found['slug']}[bot]"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _mint(self) -> Token:
        installation = self._installation or str((await self._find())["id"])
        operation = f"make a token of App {self._key.app_id}"
        wanted: dict[str, Any] = {"permissions": dict(self._place.permissions)}
        if self._place.repositories:
            wanted["repositories"] = list(self._place.repositories)
        path = f"{self._api.rest}/app/installations/{installation}/access_tokens"
        asked = self._now()
        try:
            made = await self._http.send("POST", operation, path, wanted)
        except NotFound as failed:
            self._installation = self._key.installation
            raise self._not_installed(f"has no installation {installation}") from failed
        except Rejected as failed:
            raise await self._narrower(installation, operation, failed) from failed
        self._installation = installation
        return Token(made["token"], min(parse_time(made["expires_at"]), asked + LIFE))

    async def _find(self) -> Any:
        try:
            return await self._http.get(
                f"find App {self._key.app_id}'s installation", f"{self._api.rest}{self._place.path}/installation"
            )
        except NotFound as failed:
            raise self._not_installed(f"is not installed at {self._place.path.partition('/')[2]}") from failed

    def _not_installed(self, what: str) -> Misconfigured:
        return Misconfigured(
            "AppNotInstalled",
            f"GitHub App {self._key.app_id} (Secret {self._key.secret}) {what}: install it there, for the repository.",
        )

    async def _narrower(self, installation: str, operation: str, failed: Rejected) -> Exception:
        """What the App was not given, in words; the refusal itself where it has all that is asked for."""
        path = f"{self._api.rest}/app/installations/{installation}"
        found = await self._http.get(f"read installation {installation}", path)
        absent = lacking(self._place.permissions, found["permissions"])
        if absent:
            sentence = f"{failed.message}. App {self._key.app_id} lacks {absent}: {_GRANT}"
            return PermissionMissing(failed.service, operation, sentence, failed.request_id)
        if self._place.repositories and found.get("repository_selection") == "selected":
            return self._not_installed(f"is installed, but not for {', '.join(self._place.repositories)}")
        return failed


_GRANT = "add it to the App's permissions, and have the owner of the installation accept that."
_RANK = {"read": 1, "write": 2, "admin": 3}


def lacking(wanted: Mapping[str, str], given: Mapping[str, str]) -> str:
    """Which of the wanted permissions are not among the given ones, such as "checks: read, contents: write"."""
    absent = [name for name, level in wanted.items() if _RANK.get(given.get(name, ""), 0) < _RANK[level]]
    return ", ".join(f"{name}: {wanted[name]}" for name in sorted(absent))


@dataclass(frozen=True)
class Access:
    """How a pool's requests to GitHub are authorized: give them all to its `Client`."""

    headers: Mapping[str, str]
    secrets: Sequence[str]
    tokens: AppTokens | None
    """For `Client(authorize=…)`: None where the Secret holds a token of its own."""

    @classmethod
    def of(cls, credentials: Mapping[str, str], secret: str, api: Api, place: Place, connection: Connection) -> Access:
        """By the App of this Secret, else by its `token`. Raises Misconfigured where it holds neither."""
        if key := AppKey.of(credentials, secret):
            return cls(HEADERS, [key.private_key], AppTokens(key, api, place, connection))
        if token := credentials.get("token", "").strip():
            return cls({**HEADERS, "authorization": f"Bearer {token}"}, [token], None)
        raise Misconfigured(
            "SecretIncomplete",
            f"Secret {secret} has nothing under `token`: put a token there, or a GitHub App's `{APP_ID}` and "
            f"`{PRIVATE_KEY}`.",
        )

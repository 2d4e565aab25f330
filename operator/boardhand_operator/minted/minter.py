"""Which pools' stages get minted tokens, and the Apps that these are minted of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.credentials import PUSH, READ, Source, sources
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges.address import owner_and_name
from boardhand_operator.http.transport import Connection, segment
from boardhand_operator.memory.store import Key
from boardhand_operator.vendors.github.api import GITHUB, Api
from boardhand_operator.vendors.github.app import AppKey, AppTokens, Place
from boardhand_operator.views import Pool, SpecKey

KEPT = timedelta(seconds=60)
"""A pool's Secrets are read again after so long."""
_UNUSED = timedelta(hours=2)
"""What a pool was before is forgotten after so long without a run of that time."""
_PERMISSIONS = {Stage.CHECKOUT: {"contents": "read"}, Stage.PUBLISH: {"contents": "write"}}

Secrets = Callable[[Pool, Source], Awaitable[Mapping[str, str]]]
"""The credentials that a pool gives at this place. Raises Misconfigured."""


@dataclass
class _Known:
    since: datetime
    keys: dict[Stage, AppKey]
    url: str
    stages: dict[Stage, AppTokens]


class Minter:
    """Keeps the Apps of the pools, and when the tokens of each run are to be renewed."""

    def __init__(
        self, secrets: Secrets, connection: Connection, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._secrets, self._connection, self.now = secrets, connection, now
        self._known: dict[SpecKey, _Known] = {}
        self._retired: list[tuple[datetime, AppTokens]] = []
        """With since when: somebody may be in the middle of a request with one."""
        self.due: dict[Key, datetime] = {}
        """When a run's tokens are to be renewed; none are, where it is far off."""

    async def stages(self, pool: Pool) -> Mapping[Stage, AppTokens]:
        """The stages whose Secret holds an App, with what their tokens come from.

        Raises Misconfigured where a Secret is missing, or a key cannot be read.
        """
        if not serves(pool.spec):
            return {}
        place = pool.spec_key
        known = self._known.get(place)
        if known and self.now() - known.since < KEPT:
            return known.stages
        keys, url = await self._keys(pool), pool.spec.repository.url
        if known and (known.keys, known.url) == (keys, url):
            # With the tokens that are minted already.
            known.since = self.now()
            return known.stages
        made = {stage: self._tokens(pool.spec, stage, key) for stage, key in keys.items()}
        self._retire(place)
        self._known[place] = _Known(self.now(), keys, url, made)
        await self._tidy()
        return made

    async def check(self, pool: Pool) -> None:
        """See that tokens can be minted for the pool's stages. Raises as `AppTokens.token`."""
        for tokens in (await self.stages(pool)).values():
            await tokens.token()

    def forget(self, key: Key) -> None:
        """Read the pool's Secrets again when they are next asked for."""
        for place in [place for place in self._known if place[:2] == key]:
            self._retire(place)

    def keep_only(self, runs: Container[Key]) -> None:
        """Let go of when the tokens of all other runs are due."""
        self.due = {run: due for run, due in self.due.items() if run in runs}

    async def aclose(self) -> None:
        """Close the connections."""
        for place in list(self._known):
            self._retire(place)
        for _, tokens in self._retired:
            await tokens.aclose()
        self._retired.clear()

    def _retire(self, place: SpecKey) -> None:
        if known := self._known.pop(place, None):
            self._retired += [(self.now(), tokens) for tokens in known.stages.values()]

    async def _tidy(self) -> None:
        """Let go of what no run uses any more, and close what was let go of a while ago."""
        now = self.now()
        for place in [place for place, known in self._known.items() if now - known.since > _UNUSED]:
            self._retire(place)
        over = [tokens for since, tokens in self._retired if now - since > 2 * KEPT]
        self._retired = [(since, tokens) for since, tokens in self._retired if now - since <= 2 * KEPT]
        for tokens in over:
            await tokens.aclose()

    async def _keys(self, pool: Pool) -> dict[Stage, AppKey]:
        keys = {}
        for stage, source in of_stages(pool.spec).items():
            key = AppKey.of(await self._secrets(pool, source), source.name)
            if key:
                keys[stage] = key
        return keys

    def _tokens(self, spec: CodingAgentSpec, stage: Stage, key: AppKey) -> AppTokens:
        url = (spec.forge.url if spec.forge and spec.forge.type == "github" else None) or GITHUB
        owner, name = owner_and_name(url, spec.repository.url)
        place = Place(f"/repos/{segment(owner)}/{segment(name)}", _PERMISSIONS[stage], (name,))
        return AppTokens(key, Api.of(url), place, self._connection, self.now)


def of_stages(spec: CodingAgentSpec) -> dict[Stage, Source]:
    """The credentials of the stages that talk to the repository's server."""
    given = sources(spec)
    return {stage: given[place] for stage, place in ((Stage.CHECKOUT, READ), (Stage.PUBLISH, PUSH)) if place in given}


def serves(spec: CodingAgentSpec) -> bool:
    """Whether the repository is at a GitHub, over http: only then are the Secrets looked at."""
    address = urlsplit(spec.repository.url)
    if address.scheme not in ("http", "https"):
        return False
    return (spec.forge is not None and spec.forge.type == "github") or address.hostname == "github.com"


def is_app(spec: CodingAgentSpec, data: Mapping[str, str], secret: str) -> bool:
    """Whether the Secret holds an App that tokens can be minted of. Raises Misconfigured for half of one, and where
    the repository is not at a GitHub."""
    if AppKey.of(data, secret) is None:
        return False
    if not serves(spec):
        raise Misconfigured(
            "AppElsewhere",
            f"Secret {secret} holds a GitHub App, and spec.repository.url {spec.repository.url} is at no GitHub that "
            "Boardhand knows: set spec.forge.type to github and spec.forge.url, and give an http address.",
        )
    return True

"""All trials of one pool: its credentials first, and with those that are good, what they are for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence

from boardhand_api.model import PlainModel
from boardhand_client.trials import apps
from boardhand_client.trials.boards import try_board
from boardhand_client.trials.cloning import try_clone
from boardhand_client.trials.facts import Found, Hidden
from boardhand_client.trials.forges import try_forge
from boardhand_client.trials.models import try_model
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.secrets import add, try_sealed, try_secret
from boardhand_client.trials.trial import Trial
from boardhand_operator import boards, forges
from boardhand_operator.credentials import BOARD, FORGE, PUSH, READ, Source, sources
from boardhand_operator.credentials.pool_secrets import SSH_KEYS, git_keys, stage_keys, values_of
from boardhand_operator.errors import Misconfigured
from boardhand_operator.plugins import implementation
from boardhand_operator.sealed.keyring import Keyring, Place
from boardhand_operator.vendors.github.app import APP_ID
from boardhand_operator.views import Pool

Said = Trial | Hidden


class Trying:
    """The trials of one pool. reach: None where only what the cluster holds is looked at."""

    def __init__(
        self, pool: Pool, secrets: Mapping[str, Found], ring: Keyring | Hidden | None, reach: Reach | None
    ) -> None:
        self._pool, self._secrets, self._ring, self._reach = pool, secrets, ring, reach
        self._given = sources(pool.spec)

    async def all(self) -> dict[str, Said]:
        """By place, as `checks.pools` reads them: secret:PLACE and sealed:PLACE, then PLACE."""
        said: dict[str, Said] = {}
        for place, source in self._given.items():
            said[f"{'secret' if source.reference else 'sealed'}:{place}"] = self._credentials(source)
        if self._reach is not None:
            works = self._works(self._reach)
            found = await asyncio.gather(*works.values())
            said |= {place: self._fixed(place, one) for place, one in zip(works, found, strict=True)}
        return said

    def _fixed(self, place: str, trial: Trial) -> Trial:
        """The same with the very line or command, where it is known."""
        source, field = self._given.get(place), f"spec.{place}"
        if place == READ and source is None and not trial.ok:
            return trial.fixed_by("spec.repository.readSecretRef: {name: SECRET}")
        if trial.reason == "CredentialsRefused" and source:
            keys = apps.KEYS if self._is_app(place) else self._keys(place) or stage_keys(self._pool.spec, place)
            if source.reference:
                return trial.fixed_by(add(self._pool.namespace, source.name, keys))
            seal = f"boardhand seal --namespace {self._pool.namespace} --pool {self._pool.name} --field {place}"
            return trial.fixed_by("; ".join(f"{seal}.{key}" for key in keys))
        address = "baseURL" if place.startswith("models.") else "url"
        lines = {
            "BoardMissing": "spec.board.board: BOARD  # or give the account access to it",
            "RepositoryMissing": "spec.repository.url: ADDRESS  # or give the account access to it",
            "AddressClosed": f"{field}.{address}: ADDRESS",
            "Redirected": f"{field}.{address}: ADDRESS",
        }
        return trial.fixed_by(lines[trial.reason]) if trial.reason in lines else trial

    def _credentials(self, source: Source) -> Said:
        pool = self._pool
        if source.reference is None:
            if isinstance(self._ring, Hidden):
                return self._ring
            return try_sealed(source, self._ring, pool.namespace, pool.name)
        body = self._secrets[source.reference.name]
        if isinstance(body, Hidden):
            return body
        return try_secret(pool.spec, source, body, pool.namespace, self._keys(source.place))

    def _keys(self, place: str) -> Sequence[str]:
        """Those that a board's or forge's class wants; an unknown type is said by its own trial."""
        spec = self._pool.spec
        try:
            if place == BOARD and spec.board:
                kind = implementation(boards.ENTRY_POINTS, spec.board.type, "spec.board.type")
            elif place == FORGE and spec.forge:
                kind = forges.forge_type(spec.forge)
            else:
                return ()
        except Misconfigured:
            return ()
        return tuple(kind.credential_keys)

    def _works(self, reach: Reach) -> dict[str, Awaitable[Trial]]:
        """What can be tried: where the credentials are seen, and good."""
        spec, out = self._pool.spec, dict[str, Awaitable[Trial]]()
        if spec.board and (held := self._held(BOARD)) is not None:
            out[BOARD] = try_board(spec.board, held, reach)
        if spec.forge and (held := self._held(FORGE)) is not None:
            out[FORGE] = try_forge(spec.forge, spec.repository, held, reach)
        for place in (READ, PUSH):
            held = self._held(place)
            # Over ssh nobody clones without a key: that there is none is said by another check.
            if held is not None and (held or git_keys(spec.repository.url) is not SSH_KEYS):
                out[place] = try_clone(spec.repository, spec.forge, held, push=place == PUSH, reach=reach)
        for place, model in self._models():
            if (held := self._held(place)) is not None:
                secret = self._given[place].name if place in self._given else ""
                out[place] = try_model(model, held.get("apiKey"), reach, secret)
        return out

    def _is_app(self, place: str) -> bool:
        return place in (READ, PUSH) and APP_ID in (self._held(place) or {})

    def _models(self) -> list[tuple[str, PlainModel]]:
        """Each model once: one that is there twice is asked once."""
        models, seen, out = self._pool.spec.models, set[str](), list[tuple[str, PlainModel]]()
        for size, model in (("large", models.large), ("small", models.small)):
            for place, one in ((f"models.{size}", model), (f"models.{size}.fallback", model and model.fallback)):
                if one and (key := f"{one.provider} {one.name} {one.base_url} {one.secret_ref}") not in seen:
                    seen.add(key)
                    out.append((place, one))
        return out

    def _held(self, place: str) -> dict[str, str] | None:
        """The credentials at this place; None where they are not seen, or not good."""
        source = self._given.get(place)
        if source is None:
            return {}
        said = self._credentials(source)
        if isinstance(said, Hidden) or not said.ok:
            return None
        if source.reference:
            body = self._secrets[source.reference.name]
            assert not isinstance(body, Hidden)
            return values_of(body, self._pool.namespace, source.reference.name, source.field)
        assert isinstance(self._ring, Keyring)
        where = self._pool.namespace, self._pool.name
        return {
            key: self._ring.open(Place(*where, f"{place}.{key}"), text) for key, text in (source.sealed or {}).items()
        }

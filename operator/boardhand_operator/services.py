"""The boards and forges of the pools, opened with their Secrets and kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from boardhand_api.notification import URL_KEY, Notification
from boardhand_api.pod_settings import UserNamespaces
from boardhand_operator.boards import Board, open_board
from boardhand_operator.cluster.nodes import Nodes
from boardhand_operator.cluster.policies import Policies
from boardhand_operator.cluster.snapshots import Snapshots
from boardhand_operator.credentials import BOARD, FORGE, NOTIFICATIONS, STAGES_SEE, Source, sources
from boardhand_operator.credentials.fingerprinting import Fingerprinting
from boardhand_operator.credentials.pool_secrets import require_read, require_stage_keys, values_of
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges import Forge, open_forge
from boardhand_operator.gates import Gates
from boardhand_operator.http.signing import SECRET
from boardhand_operator.http.transport import Connection
from boardhand_operator.kube import Json, Kube, Resource
from boardhand_operator.locks import Locks
from boardhand_operator.memory.store import Store, key_of
from boardhand_operator.minted.minter import Minter
from boardhand_operator.money.ledgers import Ledgers
from boardhand_operator.observing import Observer
from boardhand_operator.redacting import Redactor
from boardhand_operator.sealed.opening import Opener
from boardhand_operator.views import Pool, SpecKey

_KEPT_SECONDS = 60.0
"""A Secret is read again after so long, so that a new token is used without a restart."""
_UNUSED_SECONDS = 7200.0
"""What a pool's former spec names is let go of after so long without a run of that time."""


@dataclass
class _Opened:
    since: float
    """When its Secrets were last read; of what was replaced, when it was."""
    secrets: tuple[dict[str, str], ...]
    board: Board | None
    forge: Forge | None


class Services:
    """Opens what a pool's spec names."""

    def __init__(
        self,
        kube: Kube,
        certificates: Path | None,
        clock: Callable[[], float] = time.monotonic,
        may_write: Callable[[], bool] = lambda: True,
        keys: Path | None = None,
        redactor: Redactor | None = None,
        observer: Observer | None = None,
        user_namespaces: UserNamespaces = UserNamespaces.NEVER,
    ) -> None:
        """may_write: see `Connection.may_write`. keys: file of those that open what is sealed. redactor: told of all
        credentials that are read. observer: told of all requests. user_namespaces: see `Nodes`."""
        self._kube = kube
        self.connection = self._connection = Connection(certificates=certificates, may_write=may_write)
        """How what is outside is reached."""
        self._clock = clock
        self._opened: dict[SpecKey, _Opened] = {}
        self._retired: list[_Opened] = []
        self._locks = Locks()
        self.snapshots = Snapshots(kube)
        self.policies = Policies(kube, clock)
        self.nodes = Nodes(kube, clock, user_namespaces)
        self.gates = Gates(clock)
        self.ledgers = Ledgers(kube)
        self.redactor = redactor or Redactor()
        self.observer = observer or Observer()
        self.opener = Opener(keys)
        self.minter = Minter(self._read, self._heard(("", ""), "token"))
        self.fingerprints = Fingerprinting(self._read, clock)
        self.settled: Callable[[Json], None] = lambda _: None
        """Called with each run that was settled here."""
        self.deleted: Callable[[Mapping[str, Any]], None] = lambda _: None
        """Called with each run that was gone as something was done for it here, as it was last known."""

    async def board(self, pool: Pool) -> Board | None:
        """The pool's board, or None where it has none. Raises Misconfigured where it cannot be opened."""
        board = (await self._open(pool)).board
        return self.guarded_board(pool, board) if board else None

    async def forge(self, pool: Pool) -> Forge | None:
        """The pool's forge, or None where it has none. Raises Misconfigured where it cannot be opened."""
        forge = (await self._open(pool)).forge
        return self.guarded_forge(pool, forge) if forge else None

    def guarded_board(self, pool: Pool, board: Board) -> Board:
        """The pool's board behind its gate, which another address has another one of; told no secret."""
        spec = pool.spec.board
        key = (pool.namespace, pool.name, f"board {spec and spec.type} {spec and spec.url}")
        return self.redactor.telling(pool.namespace, self.gates.guarded(key, board))

    def guarded_forge(self, pool: Pool, forge: Forge) -> Forge:
        """The pool's forge behind its gate."""
        spec = pool.spec.forge
        key = (pool.namespace, pool.name, f"forge {spec and spec.type} {spec and spec.url}")
        return self.redactor.telling(pool.namespace, self.gates.guarded(key, forge))

    async def address(self, pool: Pool, notification: Notification) -> str:
        """Where a notification of the pool goes. Raises Misconfigured where no credentials say so."""
        source = sources(pool.spec)[NOTIFICATIONS + notification.name]
        key = notification.secret_ref.key if notification.secret_ref else URL_KEY
        value = (await self._read(pool, source)).get(key, "").strip()
        if not value:
            raise Misconfigured("SecretKeyMissing", f"{source.field}: Secret {source.name} lacks the key {key!r}")
        return value

    async def hook_secrets(self, pool: Pool) -> dict[str, str]:
        """What proves the calls of the pool's board and of its forge, by that word. Raises Misconfigured."""
        given = sources(pool.spec)
        asked = {BOARD: pool.spec.board, FORGE: pool.spec.forge}
        places = [place for place, part in asked.items() if part and part.webhook and place in given]
        return {place: (await self._read(pool, given[place])).get(SECRET, "").strip() for place in places}

    async def require_secrets(self, pool: Pool) -> None:
        """See that the Secrets which stages mount are there, and that Apps in them give tokens.

        Raises Misconfigured naming the first that is not, and as `Minter.check`.
        """
        given = sources(pool.spec)
        require_read(pool.spec)
        for place, source in given.items():
            if not place.startswith(STAGES_SEE):
                continue
            require_stage_keys(pool.spec, source, await self._read(pool, source))
        await self.minter.check(pool)

    async def forget(self, key: tuple[str, str]) -> None:
        """Open boards and forges anew, with their Secrets read again, when they are next asked for."""
        for one in [one for one in self._opened if one[:2] == key]:
            self._retire(one)
        self.minter.forget(key)

    def keep_only(self, store: Store) -> None:
        """Let go of what is remembered of pools that are not there any more, once no run of theirs is, and of runs."""
        runs = {key_of(body): (key_of(body)[0], str(body["spec"].get("pool"))) for body in store.bodies(Resource.RUNS)}
        pools = {*map(key_of, store.bodies(Resource.POOLS)), *runs.values()}
        for part in (self.gates, self.ledgers, self.policies):
            part.keep_only(pools)
        self.minter.keep_only(runs)
        self.opener.keep_only(runs)

    async def aclose(self) -> None:
        """Close everything."""
        for opened in (*self._opened.values(), *self._retired):
            await _close(opened)
        self._opened.clear()
        self._retired.clear()
        await self.minter.aclose()

    async def _close_retired(self) -> None:
        """Close what was replaced, or not asked for, so long ago that nobody is in the middle of a request with it."""
        for key in [key for key, one in self._opened.items() if self._clock() - one.since > _UNUSED_SECONDS]:
            self._retire(key)
        old = [opened for opened in self._retired if self._clock() - opened.since >= 2 * _KEPT_SECONDS]
        self._retired = [opened for opened in self._retired if opened not in old]
        for opened in old:
            await _close(opened)

    def _retire(self, key: SpecKey) -> None:
        """Somebody may have been given it a moment ago, however long ago its Secrets were read."""
        opened = self._opened.pop(key)
        opened.since = self._clock()
        self._retired.append(opened)

    def _heard(self, pool: tuple[str, str], service: str) -> Connection:
        """A connection whose requests the observer is told of."""
        return replace(self._connection, hear=partial(self.observer.called, pool, service))

    async def _open(self, pool: Pool) -> _Opened:
        key = pool.spec_key
        async with self._locks.of(key):
            known = self._opened.get(key)
            if known and self._clock() - known.since < _KEPT_SECONDS:
                return known
            return await self._open_anew(pool, key)

    async def _open_anew(self, pool: Pool, key: SpecKey) -> _Opened:
        spec, board_secret, forge_secret = pool.spec, dict[str, str](), dict[str, str]()
        given = sources(spec)
        if BOARD in given:
            board_secret = await self._read(pool, given[BOARD])
        if FORGE in given:
            forge_secret = await self._read(pool, given[FORGE])
        await self._close_retired()
        known = self._opened.get(key)
        if known and known.secrets == (board_secret, forge_secret):
            # With its connections, and what the board remembers of its lists and cards.
            known.since = self._clock()
            return known
        to_board, to_forge = (self._heard(key[:2], service) for service in ("board", "forge"))
        board = open_board(spec.board, board_secret, to_board) if spec.board else None
        forge = open_forge(spec.forge, spec.repository, forge_secret, to_forge) if spec.forge else None
        if key in self._opened:
            self._retire(key)
        self._opened[key] = opened = _Opened(self._clock(), (board_secret, forge_secret), board, forge)
        return opened

    def unsealed(self, pool: Pool, source: Source) -> dict[str, str]:
        """What is sealed at this place. Raises Misconfigured."""
        self.redactor.know_own(self.opener.known())
        values = self.opener.open(pool, source)
        self.redactor.know(pool.namespace, values)
        return values

    async def _read(self, pool: Pool, source: Source) -> dict[str, str]:
        """The credentials of this place. Raises Misconfigured."""
        if source.reference is None:
            return self.unsealed(pool, source)
        return await self._secret(pool, source.reference.name, source.field)

    async def _secret(self, pool: Pool, name: str, field: str) -> dict[str, str]:
        body = await self._kube.get(Resource.SECRETS, pool.namespace, name)
        values = values_of(body, pool.namespace, name, field)
        self.redactor.know(pool.namespace, values)
        return values


async def _close(opened: _Opened) -> None:
    if opened.board:
        await opened.board.aclose()
    if opened.forge:
        await opened.forge.aclose()
